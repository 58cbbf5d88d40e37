"""Notices: what must be known on every page, and every error in the user's language without a trace."""

from __future__ import annotations

import pytest

from data import errors
from layers import notice
from layers.words import LANGS, Lang, say

both = pytest.mark.parametrize("lang", LANGS)


def kinds(base: type[errors.HazeError]) -> list[type[errors.HazeError]]:
    return [base, *(kind for child in base.__subclasses__() for kind in kinds(child))]


@both
@pytest.mark.parametrize(
    ("is_sample", "detail", "keys"),
    [
        (True, "generalised", ["sample", "generalised"]),
        (True, "full", ["sample"]),
        (False, "generalised", ["generalised"]),
        (False, "simplified", []),
        (False, "full", []),
    ],
)
def test_states_of_the_desk(lang: Lang, is_sample: bool, detail: str, keys: list[str]) -> None:
    state = {"is_sample": is_sample, "outline_detail": detail}
    assert notice.of_state(lang, **state) == [notice.Notice("warning", say(lang, f"notice.{key}")) for key in keys]
    assert notice.details(lang, **state) == [say(lang, f"notice.{key}_details") for key in keys]


@both
@pytest.mark.parametrize("kind", kinds(errors.HazeError))
def test_every_error_has_words(lang: Lang, kind: type[errors.HazeError]) -> None:
    told = notice.of_error(lang, kind("expected this, got that, in a place"))
    assert told.text
    assert "expected this" not in told.text
    assert "Traceback" not in told.text
    assert told.level == ("info" if issubclass(kind, errors.NotStored) else "error")


@both
def test_an_error_names_what_it_is_about(lang: Lang) -> None:
    told = notice.of_error(lang, errors.Damaged("bad sum", context={"file": "tables/hotspots/2026-ab.parquet"}))
    assert "tables/hotspots/2026-ab.parquet" in told.text


def test_the_two_languages_differ() -> None:
    error = errors.NotStored("nothing", key="no_hotspots")
    assert notice.of_error("th", error).text != notice.of_error("en", error).text
