"""Registered population by tambon, from a table.

Cures codes that carry ``TH`` and Buddhist years. Never guesses a figure: a cell that is no whole number is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import FileRefused
from data.places import names_of
from fetchers.areas import codes_of, refused_for, remark_on, text_of
from fetchers.parsed import Parsed


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

    Returns
    -------
    Parsed
        ``kind`` population; columns ``tambon`` (text), ``population`` (Int64, persons), ``year`` (Int64, Christian era,
        missing where not given), ``source`` (text), sorted by tambon and year. Rejected rows: ``unknown_tambon``,
        ``bad_population``. Told: ``buddhist_year``.

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
    number = pd.to_numeric(text_of(table[by_name["population"]]).str.replace(",", ""), errors="coerce")
    known = code.str.fullmatch(r"\d{6}").to_numpy(dtype=bool) & names_of(code)["province_en"].notna().to_numpy()
    whole = (number.notna() & (number >= 0) & (number % 1 == 0) & (number < 1e9)).to_numpy(dtype=bool)
    year, buddhist = _years(table, by_name)
    keep = known & whole
    source = text_of(table[by_name["source"]]) if "source" in by_name else pd.Series("", index=table.index, dtype="str")
    out = pd.DataFrame(
        {
            "tambon": code.to_numpy()[keep],
            "population": number[keep].astype("Int64").to_numpy(),
            "year": year[keep].to_numpy(),
            "source": source[keep].to_numpy(),
        }
    ).astype({"tambon": "str", "population": "Int64", "year": "Int64", "source": "str"})
    double = out.duplicated(["tambon", "year"], keep=False).to_numpy()
    if double.any():
        twice = out["tambon"].to_numpy()[double]
        raise refused_for("population_double", "one figure for a tambon and year", twice, place[keep][double])
    rejected = (
        remark_on("unknown_tambon", place[~known], codes=code.to_numpy()[~known]),
        remark_on("bad_population", place[known & ~whole], codes=code.to_numpy()[known & ~whole]),
    )
    told = remark_on("buddhist_year", place[keep & buddhist])
    return Parsed(
        format="population-csv",
        kind="population",
        table=out.sort_values(["tambon", "year"], ignore_index=True),
        read=len(table),
        rejected=tuple(remark for remark in rejected if remark.count),
        mended=(told,) if told.count else (),
    )


def _years(table: pd.DataFrame, by_name: dict[str, Any]) -> tuple[pd.Series, NDArray[np.bool_]]:
    column = next((by_name[name] for name in ("year", "reference_date") if name in by_name), None)
    if column is None:
        return pd.Series(pd.NA, index=table.index, dtype="Int64"), np.zeros(len(table), dtype=bool)
    year = pd.to_numeric(text_of(table[column]).str.extract(r"^(\d{4})", expand=False), errors="coerce").astype("Int64")
    # The Buddhist era is 543 years ahead; no Christian year of this desk comes near 2400.
    buddhist = (year > 2400).fillna(False).to_numpy(dtype=bool)
    return year.where(~buddhist, year - 543), buddhist
