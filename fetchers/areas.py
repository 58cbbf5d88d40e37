"""What tables about administrative areas have in common: codes, cells as text, and remarks that name the codes.

Shared by boundaries and population. Never reads a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import FileRefused
from fetchers.parsed import Remark

#: Columns that hold an area's code, by level, lower case, best first; the last of each is the desk's own.
CODES: dict[str, tuple[str, ...]] = {
    "tambon": ("tambon_code", "adm3_pcode", "tam_code", "pcode", "tambon"),
    "amphoe": ("amphoe_code", "adm2_pcode", "amp_code", "amphoe"),
    "province": ("province_code", "adm1_pcode", "pro_code", "province"),
}


def code_column_of(columns: Sequence[str]) -> tuple[str | None, str]:
    """Return the finest level that has a code column, and that column."""
    by_name = {column.lower(): column for column in reversed(columns)}
    for level, names in CODES.items():
        for name in names:
            if name in by_name:
                return level, by_name[name]
    return None, ""


def text_of(column: pd.Series) -> pd.Series:
    """Return a column as text in composed signs, without blanks around it; what is missing becomes ""."""
    return column.astype("str").fillna("").str.normalize("NFC").str.strip()


def codes_of(column: pd.Series) -> pd.Series:
    """Return a column of codes as the desk writes them."""
    # A code read as a number may carry ".0"; COD-AB puts TH in front.
    return text_of(column).str.replace(r"\.0$", "", regex=True).str.replace(r"^[Tt][Hh]\s*", "", regex=True)


def remark_on(key: str, place: NDArray[np.int_], codes: NDArray[Any] | None = None) -> Remark:
    """Return a remark on the rows at `place`, counted from 1; with `codes` it names the first of them."""
    context = {} if codes is None else {"codes": _listed(codes)}
    return Remark(key, len(place), tuple(int(row) for row in place[:5]), context)


def _listed(codes: NDArray[Any]) -> str:
    shown = list(dict.fromkeys(str(code)[:12] or "-" for code in codes))
    return ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "")


def refused_for(key: str, expected: str, codes: NDArray[Any], place: NDArray[np.int_]) -> FileRefused:
    """Return the refusal of a file for some of its rows, with their codes and places."""
    rows = ", ".join(str(int(row)) for row in place[:5])
    return FileRefused(
        f"boundaries: expected {expected}, got otherwise for {_listed(codes)} in rows {rows}",
        key=key,
        context={"codes": _listed(codes), "rows": rows, "count": len(set(codes))},
    )
