"""Every number of the briefing: the same in PDF, slides and page, in the sheet, and as the command line tells it.

A real stored day, with air, fires and people, and the made-up desk of four squares. What is no number of its own is
taken out first: dates, times, years, the names of milestones, and digits that stand in the words themselves.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pypdfium2
import pytest
from pptx import Presentation
from typer.testing import CliRunner

from briefings.facts import Ledger
from briefings.figures import Scene, air_figure, people_figure
from briefings.making import Made, make
from cli import app
from data import clock, places, settings
from data.store import Store
from fetchers import importer
from layers.words import LANGS, Lang, say, texts
from models.cube import cube
from models.desk import Desk
from tests.layers import desks
from tests.layers.desks import desk_of

#: The last stored day of GISTDA's export of January 2026 with a published daily mean beside it.
DAY = dt.date(2026, 1, 17)
SEASON = ("2026-01-01", DAY.isoformat())
WEEK = ((DAY - dt.timedelta(days=6)).isoformat(), DAY.isoformat())
FILES = (
    "boundaries/upper_north_tambons.parquet",
    "boundaries/tambon_population_dopa_2021.csv",
    "hotspots/gistda_viirs_thailand_2026-01-05_to_01-18.csv.gz",
    "air/stations_north.csv",
    "air/air4thai_hourly_24hmean_north.csv.gz",
)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_WORDED = ("brief.", "origin.sentence_", "origin.reason.", "effect.why.", "effect.verdict.", "kind.", "error.forecast_")

both = pytest.mark.parametrize("lang", LANGS)


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Lampang on a January day. Ten trees of the forecast tell as much of the numbers as a hundred and fifty."""
    root = tmp_path_factory.mktemp("real") / "store"
    sources = importer.sources_of([shared / "data" / one for one in FILES], 10**9)
    verdicts = importer.bring_in(Store(root), sources, clock.utc_now)
    assert all(verdict.kept for verdict in verdicts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.loglinear._ROUNDS", 10)
        options = settings.load(store=root, mode="cached", target_percent=12.5)
        yield Desk(Store(root), places.place("lampang"), options, is_sample=False)


@pytest.fixture(scope="module")
def made(real: Desk) -> dict[Lang, Made]:
    return {lang: make(real, DAY, lang) for lang in LANGS}


# -- what a reader sees ------------------------------------------------------------------------------------------------


def of_html(made: Made) -> str:
    page = re.sub(r"<(script|style|title).*?</\1>", " ", made.as_form("html").decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def of_pdf(made: Made) -> str:
    pages = pypdfium2.PdfDocument(made.as_form("pdf"))
    texts_ = [pages[at].get_textpage().get_text_range() for at in range(len(pages))]
    # The page's own number, at its foot.
    numbered = [re.subn(rf"{at}\s*/\s*{len(pages)}", " ", text) for at, text in enumerate(texts_, 1)]
    assert [count for _, count in numbered] == [1] * len(pages)
    return " ".join(text for text, _ in numbered)


def of_slides(made: Made) -> str:
    said: list[str] = []
    for slide in Presentation(io.BytesIO(made.as_form("pptx"))).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                said.append(shape.text_frame.text)
            if shape.has_table:
                said += [cell.text for row in shape.table.rows for cell in row.cells]
            if shape.has_chart:
                said += [f"{value:g}" for series in shape.chart.plots[0].series for value in series.values]
    return " ".join(said)


def numbers(lang: Lang, text: str, revision: str) -> set[str]:
    """Return the numbers of a text that are facts of their own."""
    known = texts(lang)
    text = " ".join(text.split()).replace(revision, " ")
    months = [re.escape(known[f"month.{kind}.{at}"]) for kind in ("long", "short") for at in range(1, 13)]
    milestone = re.escape(say(lang, "brief.milestone", number="#", count="").partition("#")[0].strip())
    for pattern in (
        rf"\d{{1,2}}\s*(?:{'|'.join(months)})(?:\s*\d{{4}})?(?:\s*\d{{2}}:\d{{2}})?",
        r"\d{4}-\d{2}-\d{2}",
        r"\((?:ปี\s*)?\d{4}\)",
        rf"{milestone}\s*\d+",
    ):
        text = re.sub(pattern.replace(r"\ ", r"\s*"), " ", text)
    return {one.rstrip(",") for one in _NUMBER.findall(text)} - worded(lang)


def worded(lang: Lang) -> set[str]:
    """Return the numbers that stand in the words themselves, such as PM2.5 or "7 days"."""
    plain = [re.sub(r"\{.*?\}", " ", text) for key, text in texts(lang).items() if key.startswith(_WORDED)]
    return set(_NUMBER.findall(" ".join(plain)))


def written(made: Made) -> set[str]:
    return {shown.lstrip("-−") for shown in made.sheet["shown"]}


def check_forms(made: Made) -> set[str]:
    """Hold the three forms against each other and against the sheet; return their numbers."""
    lang, revision = made.brief.lang, made.brief.revision
    page = numbers(lang, of_html(made), revision)
    assert page - written(made) == set()
    assert numbers(lang, of_pdf(made), revision) == page
    assert numbers(lang, of_slides(made), revision) == page
    return page


@both
def test_the_numbers_of_a_real_day_are_the_same_in_every_form_and_in_the_sheet(
    made: dict[Lang, Made], lang: Lang
) -> None:
    found = check_forms(made[lang])
    # The headline numbers and whatever the sheet holds of them are really there.
    assert {figure.value for figure in made[lang].brief.figures} <= found
    assert len(found) > 20
    # The attached sheet is the ledger, number by number.
    attached = pd.read_csv(io.BytesIO(made[lang].as_form("csv")), dtype={"shown": str, "as_of": str})
    assert attached["key"].tolist() == [fact.key for fact in made[lang].brief.facts]
    assert attached["shown"].tolist() == [fact.shown for fact in made[lang].brief.facts]
    values = [np.nan if fact.value is None else fact.value for fact in made[lang].brief.facts]
    assert np.allclose(attached["value"], values, equal_nan=True)
    for fact in made[lang].brief.facts:
        if fact.value is not None:
            decimals = len(fact.shown.partition(".")[2])
            assert fact.shown == f"{fact.value:,.{decimals}f}"


def test_both_languages_tell_the_same_numbers(made: dict[Lang, Made]) -> None:
    th, en = (made[lang].sheet.drop(columns="revision") for lang in LANGS)
    pd.testing.assert_frame_equal(th, en)


@both
def test_the_numbers_of_a_made_up_day_are_the_same_in_every_form(tmp_path: Path, lang: Lang) -> None:
    air = desks.air(("2026-03-10", 30.0), ("2026-03-11", 30.0), ("2026-03-12", 52.0))
    desk = desk_of(desks.store_of(tmp_path / "store", [desks.march(), desks.year_before()], air))
    desk.settings = desk.settings.model_copy(update={"target_percent": 40.0})
    found = check_forms(make(desk, dt.date(2026, 3, 12), lang))
    assert {"5", "3", "67", "40", "52.0"} <= found


def test_a_number_that_is_not_in_the_sheet_would_be_found(made: dict[Lang, Made]) -> None:
    one = made["en"]
    page = of_html(one)
    # In the page a number stands between tags, which are taken out for spaces.
    wrong = page.replace(f" {one.brief.figures[0].value} ", " 98,765 ")
    assert numbers("en", wrong, one.brief.revision) - written(one) == {"98,765"}


# -- what the command line and the cube say ----------------------------------------------------------------------------


def asked(desk: Desk, *words: str) -> pd.DataFrame:
    told = CliRunner().invoke(
        app, [*words, "--format", "json"], env={"HAZE_STORE": str(desk.settings.store), "HAZE_MODE": "cached"}
    )
    assert told.exit_code == 0, told.stderr
    return pd.DataFrame(json.loads(told.stdout))


@pytest.fixture(scope="module")
def value(made: dict[Lang, Made]) -> dict[str, Any]:
    sheet = made["en"].sheet
    return dict(zip(sheet["key"], sheet["value"], strict=True))


def test_hotspots_are_those_of_the_command_line_and_the_cube(real: Desk, value: dict[str, Any]) -> None:
    season = asked(real, "counts", "--by", "province", "--from", SEASON[0], "--to", SEASON[1], "--satellites", "SNPP")
    assert value["hotspots.season"] == season["count"].sum() > 0
    week = asked(real, "counts", "--by", "tambon", "--from", WEEK[0], "--to", WEEK[1], "--satellites", "SNPP")
    assert value["hotspots.week.now"] == week["count"].sum() > 0
    by = week.set_index("code")["count"]
    told = {
        key.rpartition(".")[2]: count for key, count in value.items() if re.fullmatch(r"hotspots\.week\.\d{6}", key)
    }
    assert len(told) == 5
    assert {code: int(count) for code, count in told.items()} == by.sort_values(kind="stable").loc[list(told)].to_dict()
    assert min(told.values()) >= by.drop(list(told)).max()
    days = cube(real, dt.date(2026, 1, 1), DAY, ("SNPP",)).sel(tambon=list(week["code"]))
    total = days["hotspots_night"].sum() + days["hotspots_day"].sum()
    assert value["hotspots.season"] == float(total)


@pytest.mark.parametrize("day", [DAY, dt.date(2026, 3, 27)], ids=["clear", "smoky"])
def test_air_is_that_of_the_command_line_and_the_cube(real: Desk, day: dt.date) -> None:
    ledger = Ledger("r")
    scene = Scene(real, day, "en", pd.DataFrame(), ledger)
    air_figure(scene)
    people_figure(scene)
    value = {fact.key: fact.value for fact in ledger}
    period = ("--from", SEASON[0], "--to", day.isoformat())
    air = asked(real, "air", "--by", "station", *period, "--averaging", "P1D")
    air = air[air["code"].isin(real.stations["station_id"]) & air["pm25"].notna()]
    today = air[air["time"].str.startswith(day.isoformat())]
    assert value["pm25.day.highest"] == today["pm25"].max()
    over = air.assign(over=air["pm25"].round(1) > value["pm25.standard"]).groupby("code")["over"].sum()
    assert value["pm25.days_over"] == over.max()
    assert (over.max() > 0) == (day != DAY)
    assert value["pm25.days_valid"] == air.groupby("code").size()[over.idxmax()]
    people = asked(real, "exposure", "--by", "province", *period)
    assert value["people.person_days"] == pytest.approx(people["person_days"].sum())
    days = cube(real, day, day).sel(tambon=list(real.tambons["tambon"]))
    highest = days["pm25"].where(days["pm25_measured"].astype(bool)).max()
    # A tambon with two stations has the mean of both.
    assert 0 < float(highest) <= float(value["pm25.day.highest"] or 0) + 1e-6
