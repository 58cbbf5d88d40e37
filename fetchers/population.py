"""Registered population by tambon, from a table.

Cures codes that carry ``TH`` and Buddhist years. Never guesses a figure: a cell that is no whole number is left out.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import FileRefused
from data.places import names_of
from fetchers.areas import codes_of, refused_for, remark_on, text_of
from fetchers.parsed import Parsed

#: Names of a column with the people aged 60 and over, blanks and underscores taken out.
_OLDER = ("older", "elderly", "aged60+", "age60+", "60+", "aged60plus", "age60plus", "60plus", "ผู้สูงอายุ", "60ปีขึ้นไป")
#: A column of one age group: "60-64", "age_60_64", "100+".
_GROUP = re.compile(r"(?:age[ds]?)?_?(\d{1,3})(?:[-_–](\d{1,3})|(\+|plus))")


def recognise(columns: list[str]) -> bool:
    """Return whether columns are those of population by tambon: a code and ``population``."""
    found = {column.strip().lower() for column in columns}
    return "population" in found and bool(found & {"tambon_code", "tambon", "adm3_pcode"})


def parse(table: pd.DataFrame) -> Parsed:
    """Turn a table of registered population into the desk's.

    Parameters
    ----------
    table : DataFrame, shape (n, ...)
        ``tambon_code`` (also ``ADM3_PCODE``, ``tambon``) and ``population``, best read as text; the year from ``year``
        or ``reference_date`` (an ISO date or a year, Buddhist years too), the source from ``source``, where given.
        People aged 60 and over from a column such as ``older`` or ``60+``, or from age groups that begin at 60 and
        leave no gap up to an open one.

    Returns
    -------
    Parsed
        ``kind`` population; columns ``tambon`` (text), ``population`` (Int64, persons), ``year`` (Int64, Christian era,
        missing where not given), ``source`` (text), ``older`` (Int64, persons of 60 and over, missing where not
        given), sorted by tambon and year. Rejected rows: ``unknown_tambon``, ``bad_population``. Told:
        ``buddhist_year``, ``bad_older`` (no whole number, or more than there are people: left empty).

    Raises
    ------
    FileRefused
        ``boundary_columns`` without the two columns; ``population_double`` when a tambon has two figures for one year.
    """
    by_name = {str(column).strip().lower(): column for column in table.columns}
    code_column = next((by_name[name] for name in ("tambon_code", "adm3_pcode", "tambon") if name in by_name), None)
    if code_column is None or "population" not in by_name:
        found = ", ".join(str(column) for column in table.columns[:8])
        raise FileRefused(
            f"population: expected columns tambon_code and population, got {found}",
            key="boundary_columns",
            context={"found": found[:200]},
            hint="bring a table with tambon_code and population",
        )
    place = np.arange(1, len(table) + 1)
    code = codes_of(table[code_column])
    number = _numbers(table[by_name["population"]])
    known = code.str.fullmatch(r"\d{6}").to_numpy(dtype=bool) & names_of(code)["province_en"].notna().to_numpy()
    whole = _whole(number)
    older, given = _older(table, by_name)
    sane = _whole(older) & (older <= number).to_numpy(dtype=bool)
    year, buddhist = _years(table, by_name)
    keep = known & whole
    source = text_of(table[by_name["source"]]) if "source" in by_name else pd.Series("", index=table.index, dtype="str")
    out = pd.DataFrame(
        {
            "tambon": code.to_numpy()[keep],
            "population": number[keep].astype("Int64").to_numpy(),
            "year": year[keep].to_numpy(),
            "source": source[keep].to_numpy(),
            "older": older.where(sane)[keep].astype("Int64").to_numpy(),
        }
    ).astype({"tambon": "str", "population": "Int64", "year": "Int64", "source": "str", "older": "Int64"})
    double = out.duplicated(["tambon", "year"], keep=False).to_numpy()
    if double.any():
        twice = out["tambon"].to_numpy()[double]
        raise refused_for("population_double", "one figure for a tambon and year", twice, place[keep][double])
    rejected = (
        remark_on("unknown_tambon", place[~known], codes=code.to_numpy()[~known]),
        remark_on("bad_population", place[known & ~whole], codes=code.to_numpy()[known & ~whole]),
    )
    bad = keep & given & ~sane
    told = (
        remark_on("buddhist_year", place[keep & buddhist]),
        remark_on("bad_older", place[bad], codes=code.to_numpy()[bad]),
    )
    return Parsed(
        format="population-csv",
        kind="population",
        table=out.sort_values(["tambon", "year"], ignore_index=True),
        read=len(table),
        rejected=tuple(remark for remark in rejected if remark.count),
        mended=tuple(remark for remark in told if remark.count),
    )


def _numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(text_of(column).str.replace(",", ""), errors="coerce").astype("float64")


def _whole(number: pd.Series) -> NDArray[np.bool_]:
    """Return which numbers count people."""
    return (number.notna() & (number >= 0) & (number % 1 == 0) & (number < 1e9)).to_numpy(dtype=bool)


def _older(table: pd.DataFrame, by_name: dict[str, Any]) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Return the people of 60 and over of each row, NaN where not told, and which rows have a cell for them."""
    plain = {re.sub(r"[\s_]", "", name): column for name, column in by_name.items()}
    column = next((plain[name] for name in _OLDER if name in plain), None)
    if column is not None:
        return _numbers(table[column]), text_of(table[column]).ne("").to_numpy(dtype=bool)
    groups: list[tuple[int, int | None, Any]] = []
    for name, column in by_name.items():
        found = _GROUP.fullmatch(name.replace(" ", ""))
        if found and int(found[1]) >= 60:
            groups.append((int(found[1]), None if found[3] else int(found[2]), column))
    groups.sort(key=lambda group: group[0])
    ends = [high for _, high, _ in groups]
    follows = all(low == 1 + (high or 0) for (low, _, _), high in zip(groups[1:], ends, strict=False))
    if not groups or groups[0][0] != 60 or not follows or ends[-1] is not None:
        return pd.Series(np.nan, index=table.index), np.zeros(len(table), dtype=bool)
    total = sum((_numbers(table[column]) for _, _, column in groups[1:]), _numbers(table[groups[0][2]]))
    return total, np.ones(len(table), dtype=bool)


def _years(table: pd.DataFrame, by_name: dict[str, Any]) -> tuple[pd.Series, NDArray[np.bool_]]:
    column = next((by_name[name] for name in ("year", "reference_date") if name in by_name), None)
    if column is None:
        return pd.Series(pd.NA, index=table.index, dtype="Int64"), np.zeros(len(table), dtype=bool)
    year = pd.to_numeric(text_of(table[column]).str.extract(r"^(\d{4})", expand=False), errors="coerce").astype("Int64")
    # The Buddhist era is 543 years ahead; no Christian year of this desk comes near 2400.
    buddhist = (year > 2400).fillna(False).to_numpy(dtype=bool)
    return year.where(~buddhist, year - 543), buddhist
