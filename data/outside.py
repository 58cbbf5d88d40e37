"""Text from outside where it must stay text: in a line of a log or of a terminal, in the cell of a spreadsheet.

Never decides where anything is written.
"""

from __future__ import annotations

import logging
import unicodedata
from typing import Any

import pandas as pd

#: Signs that turn the direction of writing, and so what a line seems to say (Unicode Standard Annex 9, section 2).
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: A cell that begins so is run by a spreadsheet (OWASP, "CSV Injection"), in the wide forms too that some read alike.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Control characters, line and paragraph separators.
_CONTROL = ("Cc", "Zl", "Zp")


def one_line(text: str) -> str:
    r"""Return a text with every character that ends a line or commands a terminal written out, such as ``\\n``."""
    return "".join(
        sign.encode("unicode_escape").decode() if sign in _TURNING or unicodedata.category(sign) in _CONTROL else sign
        for sign in text
    )


def as_cell(value: Any) -> Any:
    """Return a cell with an apostrophe before a text that a spreadsheet would run; anything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which no text is run by a spreadsheet; numbers and times stay as they are."""
    text = [name for name in table if table[name].dtype == object or pd.api.types.is_string_dtype(table[name])]
    safe = table.copy()
    for name in text:
        safe[name] = [as_cell(value) for value in table[name]]
    return safe


class _OneLine(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = one_line(record.getMessage()), ()
        return True


def logger(name: str) -> logging.Logger:
    """Return the logger of a part of the desk, whose records are one line each."""
    found = logging.getLogger(f"haze.{name}")
    if not any(isinstance(one, _OneLine) for one in found.filters):
        found.addFilter(_OneLine())
    return found
