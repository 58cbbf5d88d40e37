"""Every word a person reads, by key and language, from the files of text/th and text/en, one for each room.

Never holds a sentence itself; a missing key is a fault that a test finds.
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from data.clock import ICT, buddhist_year
from data.errors import HazeError

Lang = Literal["th", "en"]
LANGS: tuple[Lang, ...] = ("th", "en")
_TEXT = Path(__file__).parent / "text"


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


@functools.cache
def texts(lang: Lang) -> Mapping[str, str]:
    """Return all texts of a language, flattened to dotted keys.

    Raises
    ------
    ValueError
        When two files give a text for the same key.
    """
    found: dict[str, str] = {}
    for path in sorted((_TEXT / lang).glob("*.toml")):
        more = _flat(tomllib.loads(path.read_text("utf-8")))
        if both := found.keys() & more.keys():
            raise ValueError(f"{path}: {sorted(both)[0]} has a text in another file already")
        found |= more
    return found


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{name}.")
        else:
            flat[name] = str(value)
    return flat


def say(lang: Lang, key: str, **values: Any) -> str:
    """Return the text of `key`, its placeholders filled.

    Raises
    ------
    KeyError
        When the language lacks the key.
    """
    return texts(lang)[key].format_map(_Gaps(values))


def say_error(lang: Lang, error: HazeError) -> str:
    """Return the words for an error; its class's words when the key has none of its own."""
    known = texts(lang)
    for key in (f"error.{error.key}", f"error.{type(error).key}", "error.haze"):
        if key in known:
            return known[key].format_map(_Gaps(error.context))
    return str(error)


def say_remark(lang: Lang, key: str, count: int, rows: Iterable[int], context: Mapping[str, Any]) -> str:
    """Return the words for what happened to some rows, with their number and the first of them."""
    text = texts(lang)[f"remark.{key}"].format_map(_Gaps(count=f"{count:,}", **context))
    numbers = list(rows)
    if not numbers:
        return text
    more = "…" if count > len(numbers) else ""
    return f"{text} ({say(lang, 'word.rows', rows=', '.join(str(n) for n in numbers) + more)})"


def say_problems(lang: Lang, problems: Iterable[Any]) -> str:
    """Return the words for what is wrong with a record, or how it was understood, one after the other."""
    known = texts(lang)
    told = []
    for one in problems:
        field = str(one.context.get("field", ""))
        named = {**one.context, "field": known.get(f"field.{field.partition('.')[2] or field}", field)}
        told.append(known[f"remark.{one.key}"].format_map(_Gaps(named)))
    return "; ".join(told)


def say_verdict(lang: Lang, verdict: Any) -> str:
    """Return why a file was refused, or what was left out and mended; a plain word when all went in."""
    if verdict.refused is not None:
        return say_error(lang, verdict.refused)
    parts = [say_remark(lang, r.key, r.count, r.rows, r.context) for r in verdict.remarks]
    if verdict.kept == 0 and verdict.duplicates and not verdict.rejected:
        parts.insert(0, say(lang, "word.nothing_new"))
    return "; ".join(parts) or say(lang, "word.all_good")


def say_outcome(lang: Lang, outcome: Any) -> str:
    """Return what came of asking a source: the reason of a failure, else the words of the verdict."""
    if outcome.error is not None:
        return say_error(lang, outcome.error)
    return say(lang, f"outcome.{outcome.verdict}", rows=f"{outcome.rows:,}")


def say_day(lang: Lang, day: dt.date, *, short: bool = True, year: bool = True) -> str:
    """Return a day: "22 พ.ย. 2569" in Thai (Buddhist era), "22 Nov 2026" in English."""
    month = say(lang, f"month.{'short' if short else 'long'}.{day.month}")
    shown = buddhist_year(day.year) if lang == "th" else day.year
    return f"{day.day} {month} {shown}" if year else f"{day.day} {month}"


def say_year(lang: Lang, year: int) -> str:
    """Return a year: of the Buddhist era in Thai."""
    return str(buddhist_year(year) if lang == "th" else year)


def say_time(lang: Lang, moment: dt.datetime) -> str:
    """Return an aware moment in Thai local time: "22 พ.ย. 2569 14:05 น."."""
    local = moment.astimezone(ICT)
    clock = f"{local:%H:%M}" + (" น." if lang == "th" else "")
    return f"{say_day(lang, local.date())} {clock}"
