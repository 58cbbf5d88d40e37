"""Tables on a page: a dash for what is not known, the numbers of a column written alike. Never works anything out."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

#: What is not known; Streamlit's own word for it is an English one.
UNKNOWN = "–"
#: More decimals than a place in degrees needs are noise.
_MOST_DECIMALS = 5


def show_table(
    table: pd.DataFrame | Styler, *, height: int | None = None, columns: dict[str, Any] | None = None, none: str = ""
) -> None:
    """Show a table without row numbers.

    Parameters
    ----------
    table : DataFrame or Styler
    height : int, optional
        Pixels; as high as its rows, up to ten, without.
    columns : dict, optional
        Streamlit's settings of single columns, which come before those of `number_formats`.
    none : str
        What to say in place of a table without rows, in which Streamlit would say "empty" in English.
    """
    bare = table.data if isinstance(table, Styler) else table
    if none and bare.empty:
        st.caption(none)
        return
    st.dataframe(
        table,
        hide_index=True,
        placeholder=UNKNOWN,
        height="auto" if height is None else height,
        column_config={**number_formats(bare), **(columns or {})},
    )


def number_formats(table: pd.DataFrame) -> dict[str, Any]:
    """Return how the numbers of each column are written: with the decimals of its longest one, thousands apart."""
    formats = {}
    for name in table.columns:
        values = table[name]
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            continue
        known = values.dropna().astype(float)
        decimals = next((n for n in range(_MOST_DECIMALS) if (known.round(n) == known).all()), _MOST_DECIMALS)
        formats[str(name)] = st.column_config.NumberColumn(format=f"%.{decimals}f" if decimals else "localized")
    return formats
