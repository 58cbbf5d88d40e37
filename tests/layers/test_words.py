"""Words: both languages whole and alike, every key that the code uses there, every placeholder filled, Thai dates."""

from __future__ import annotations

import ast
import datetime as dt
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pythainlp.util import thai_strftime

from data import errors
from data.clock import ICT
from data.errors import FileRefused, HazeError, StoreError
from fetchers.importer import Verdict
from fetchers.parsed import Remark
from layers.words import LANGS, Lang, say, say_day, say_error, say_remark, say_time, say_verdict, texts

ROOT = Path(__file__).resolve().parent.parent.parent
_THAI = re.compile("[\u0e00-\u0e7f]")
#: Texts that hold nothing to translate: names of satellites, units, forms, and frames around values.
_SATELLITES = ("SNPP", "NOAA20", "NOAA21", "TERRA", "AQUA", "LANDSAT")
_WITHOUT_THAI = frozenset(
    (
        *(f"satellite.{name}" for name in _SATELLITES),
        *(f"map.satellite_{name}" for name in _SATELLITES),
        *("satellites.VIIRS", "satellites.MODIS", "theme.pm25", "today.pm25", "today.title_day"),
        *("today.figure_pm25_detail", "column.frp", "column.sha256", "column.taken"),
        *("format.dustboy-station", "format.firms", "format.firms-api", "format.gistda"),
        *("origin.wind.open-meteo", "origin.wind.era5", "origin.wind.gfs"),
    )
)
_ERRORS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, HazeError)}


def placeholders(text: str) -> set[str]:
    return {name.partition("!")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


class Use(NamedTuple):
    """A place in the code that asks for a text."""

    where: str
    key: str
    #: Names of the values handed over; None when they cannot be read from the code.
    values: frozenset[str] | None


def calls(*folders: str) -> Iterator[tuple[str, ast.Call, str]]:
    """Yield every call in the code of some folders: where, the call, the name of what is called."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    for path in [*paths, *sorted((ROOT / "commands").rglob("*.py")), ROOT / "cli.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node, name


def literal(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def names_in(node: ast.expr | None) -> frozenset[str] | None:
    """Return the keys of a dict that is written out; none for a missing one, None for one made elsewhere."""
    if node is None:
        return frozenset()
    if not isinstance(node, ast.Dict):
        return None
    found = [literal(key) for key in node.keys if key is not None]
    return frozenset(name for name in found if name) if None not in found and None not in node.keys else None


def uses_of_errors() -> list[Use]:
    found = []
    for where, call, name in calls("data", "fetchers", "models", "layers", "briefings"):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        key = literal(given.get("key"))
        if name in _ERRORS:
            found.append(Use(where, f"error.{key or _ERRORS[name].key}", names_in(given.get("context"))))
        elif name == "_refusal":
            found.append(Use(where, f"error.{literal(call.args[0])}", None))
    return found


def uses_of_remarks() -> list[Use]:
    found = []
    for where, call, name in calls("data", "fetchers", "models", "layers", "briefings"):
        key = literal(call.args[0]) if call.args else None
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if key is None:
            continue
        if name == "Remark":
            context = call.args[3] if len(call.args) > 3 else given.get("context")
            found.append(Use(where, f"remark.{key}", names_in(context)))
        elif name == "tell":
            found.append(Use(where, f"remark.{key}", frozenset(filter(None, given)) if None not in given else None))
        elif name == "reject":
            found.append(Use(where, f"remark.{key}", frozenset()))
        elif name == "_remark":
            found.append(Use(where, f"remark.{key}", frozenset(given)))
    return found


def uses_of_say() -> list[Use]:
    found = []
    for where, call, name in calls("layers", "briefings"):
        if name == "say" and len(call.args) > 1 and (key := literal(call.args[1])):
            given = {keyword.arg for keyword in call.keywords}
            found.append(Use(where, key, frozenset(filter(None, given)) if None not in given else None))
    return found


# -- the two languages -------------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_keys() -> None:
    assert set(texts("th")) == set(texts("en"))
    assert len(texts("th")) > 300


def test_both_languages_fill_the_same_placeholders() -> None:
    differing = {
        key: (placeholders(texts("th")[key]), placeholders(text))
        for key, text in texts("en").items()
        if placeholders(texts("th")[key]) != placeholders(text)
    }
    assert differing == {}


@pytest.mark.parametrize("lang", LANGS)
def test_texts_are_clean(lang: Lang) -> None:
    for key, text in texts(lang).items():
        assert text == text.strip(), key
        assert "  " not in text, key
        assert all(name.isidentifier() for name in placeholders(text)), key


def test_thai_texts_are_thai_and_english_ones_are_not() -> None:
    assert [k for k, text in texts("th").items() if not _THAI.search(text) and k not in _WITHOUT_THAI] == []
    assert [k for k, text in texts("en").items() if _THAI.search(text) and k != "app.this_language"] == []


def test_only_texts_without_thai_stand_on_the_list_of_exceptions() -> None:
    assert [k for k, text in texts("th").items() if k in _WITHOUT_THAI and _THAI.search(text)] == []


# -- the code and the words --------------------------------------------------------------------------------------------


def test_every_class_of_errors_has_words() -> None:
    assert len(_ERRORS) > 15
    for lang in LANGS:
        assert [kind.key for kind in _ERRORS.values() if f"error.{kind.key}" not in texts(lang)] == []


@pytest.mark.parametrize(
    ("found", "least"),
    [(uses_of_errors(), 60), (uses_of_remarks(), 40), (uses_of_say(), 80)],
    ids=["errors", "remarks", "say"],
)
def test_every_key_in_the_code_has_words_and_every_placeholder_a_value(found: list[Use], least: int) -> None:
    assert len(found) >= least  # else the search above has gone blind
    for lang in LANGS:
        known = texts(lang)
        assert [use for use in found if use.key not in known] == []
        lacking = {
            use.where: (use.key, placeholders(known[use.key]) - use.values - {"count"})
            for use in found
            if use.values is not None and placeholders(known[use.key]) - use.values - {"count"}
        }
        assert lacking == {}


def test_every_key_that_is_put_together_fits_some_text() -> None:
    patterns = {}
    for where, call, name in calls("layers", "briefings"):
        if name == "say" and len(call.args) > 1 and isinstance(call.args[1], ast.JoinedStr):
            parts = [literal(part) for part in call.args[1].values]
            patterns[where] = "".join("[A-Za-z0-9_]+" if part is None else re.escape(part) for part in parts)
    assert len(patterns) >= 5
    keys = list(texts("en"))
    assert [where for where, wanted in patterns.items() if not any(re.fullmatch(wanted, key) for key in keys)] == []


# -- errors, remarks and verdicts in words -----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_an_error_is_worded_by_its_key_then_by_its_class(lang: Lang) -> None:
    known = texts(lang)
    own = FileRefused("x", key="too_large", context={"limit_mb": 7})
    assert say_error(lang, own) == known["error.too_large"].format(limit_mb=7)
    assert say_error(lang, StoreError("x", key="no_such_key")) == known["error.store"]
    assert say_error(lang, HazeError("x")) == known["error.haze"]
    assert say_error(lang, FileRefused("x", key="too_large")).count("?") == 1  # a gap never hides the sentence


def test_a_remark_names_its_rows_and_that_there_are_more() -> None:
    assert say_remark("en", "no_date", 2, (3, 9), {}).endswith("(row 3, 9)")
    assert say_remark("en", "no_date", 9, (1, 2, 3, 4, 5), {}).endswith("(row 1, 2, 3, 4, 5…)")
    assert say_remark("th", "no_date", 1, (3,), {}).endswith("(แถวที่ 3)")
    assert say_remark("en", "no_date", 4, (), {}) == texts("en")["remark.no_date"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_verdict_in_words(lang: Lang) -> None:
    known = texts(lang)
    assert say_verdict(lang, Verdict("a", read=2, kept=2)) == known["word.all_good"]
    assert say_verdict(lang, Verdict("a", read=2, duplicates=2)) == known["word.nothing_new"]
    partly = Verdict(
        "a", read=3, kept=1, rejected=2, remarks=(Remark("no_date", 1, (1,)), Remark("no_station", 1, (2,)))
    )
    said = say_verdict(lang, partly).split("; ")
    assert [
        text.startswith(known[f"remark.{key}"]) for text, key in zip(said, ("no_date", "no_station"), strict=True)
    ] == [
        True,
        True,
    ]
    refused = Verdict("a", refused=FileRefused("x", key="encrypted"))
    assert say_verdict(lang, refused) == known["error.encrypted"]


def test_a_missing_key_is_a_fault() -> None:
    with pytest.raises(KeyError):
        say("en", "no.such.key")


# -- dates -------------------------------------------------------------------------------------------------------------

DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=31 * month) for month in range(12)]
DAYS += [dt.date(2024, 2, 29), dt.date(2000, 12, 31), dt.date(2026, 11, 22)]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_days_in_thai_are_those_of_pythainlp(day: dt.date) -> None:
    midnight = dt.datetime.combine(day, dt.time())
    assert say_day("th", day) == thai_strftime(midnight, "%-d %b %Y")
    assert say_day("th", day, short=False) == thai_strftime(midnight, "%-d %B %Y")
    assert say_day("th", day, short=False, year=False) == thai_strftime(midnight, "%-d %B")
    assert say_day("en", day, short=False) == f"{day.day} {day:%B} {day.year}"
    assert say_day("en", day) == f"{day.day} {day:%b} {day.year}"


def test_the_days_above_cover_every_month() -> None:
    assert {day.month for day in DAYS} == set(range(1, 13))


def test_moments_are_given_in_thai_time() -> None:
    moment = dt.datetime(2026, 12, 31, 18, 44, tzinfo=dt.UTC)
    assert say_time("th", moment) == "1 ม.ค. 2570 01:44 น."
    assert say_time("en", moment) == "1 Jan 2027 01:44"
    assert say_time("en", moment.astimezone(ICT)) == say_time("en", moment)
