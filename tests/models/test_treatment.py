"""Who was treated and since when, on sites made by hand and on the shipped list."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from data import settings
from data.errors import InputMissing
from data.registry import open_registry
from models.treatment import NOT_ACTING, first_season, treatment


@pytest.mark.parametrize(
    ("start", "year", "season"),
    [
        ("2023-01-27", 2023, 2023),
        ("2023-05-31", 2023, 2023),
        ("2023-06-01", 2023, 2024),
        ("2022-12-15", 2022, 2023),
        ("", 2010, 2010),
        ("", None, None),
    ],
)
def test_first_season(start: str, year: int | None, season: int | None) -> None:
    assert first_season(start, year) == season


def made(*rows: dict[str, Any]) -> pd.DataFrame:
    plain = {"kind": "firebreak", "issue": "haze", "tambon": "520101", "start": "", "year": pd.NA}
    table = pd.DataFrame([{"site": f"S{number}", **plain, **row} for number, row in enumerate(rows, start=1)])
    return table.astype({"year": "Int64"})


SITES = made(
    {"start": "2022-02-01", "year": 2022},
    {"start": "2020-12-01", "year": 2020},
    {"tambon": None, "year": 2021},
    {"tambon": "520102"},
    {"tambon": "520103", "year": 2019, "kind": "air_sensor"},
    {"tambon": "520104", "year": 2018, "kind": "elderly_school", "issue": "ageing"},
)


def test_a_type_starts_in_each_tambon_with_its_earliest_site() -> None:
    found = treatment(SITES, kind="firebreak")
    assert found.first_season == {"520101": 2021}
    assert found.sites["site"].tolist() == ["S1", "S2"]
    assert found.left_out.to_dict("list") == {"site": ["S3", "S4"], "reason": ["no_tambon", "no_start"]}
    assert (found.scope, found.name, found.acting) == ("type", "firebreak", True)


def test_a_site_alone_and_a_programme() -> None:
    alone = treatment(SITES, site="S1")
    assert alone.first_season == {"520101": 2022}
    assert alone.others == 1  # S2 is a firebreak in the same tambon
    assert treatment(SITES, kind="firebreak").others == 0
    programme = treatment(SITES, issue="haze")
    assert programme.first_season == {"520101": 2021, "520103": 2019}
    assert programme.scope == "programme"


def test_what_watches_or_helps_the_aged_does_not_act_on_fire() -> None:
    assert not treatment(SITES, kind="air_sensor").acting
    assert not treatment(SITES, issue="ageing").acting


def test_no_such_site_names_the_types() -> None:
    with pytest.raises(InputMissing) as caught:
        treatment(SITES, kind="dam")
    assert caught.value.context == {"name": "dam", "known": "air_sensor, elderly_school, firebreak"}


def test_the_shipped_list_has_the_wet_forest_of_doi_phra_bat() -> None:
    found = treatment(open_registry(settings.load()).sites(), site="LP-HAZ-001")
    assert found.first_season == {"520111": 2026}
    assert found.acting


def test_every_kind_that_does_not_act_is_in_the_shipped_list() -> None:
    assert set(open_registry(settings.load()).sites()["kind"]) >= NOT_ACTING
