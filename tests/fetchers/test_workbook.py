"""A hotspot file that was saved as XLSX is the file it was."""

from __future__ import annotations

import datetime as dt
import io

import pandas as pd
import pytest

from data.errors import FileRefused
from fetchers import recognise
from fetchers.unpack import Member

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
ROWS = [
    ("18.1", "99.5", "330.1", "0.4", "0.5", "2026-03-10", "0559", "N", "n", "2.0NRT", "5", "D"),
    ("18.25", "99.6", "331", "0.4", "0.5", "2026-03-10", "1844", "N", "h", "2.0NRT", "7.25", "N"),
]
NAMES = ["latitude", "longitude", "bright_ti4", "scan", "track", "acq_date", "acq_time",
         "satellite", "confidence", "version", "frp", "daynight"]  # fmt: skip


def saved(table: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    table.to_excel(out, index=False)
    return out.getvalue()


def test_saved_as_text_or_with_numbers_and_days() -> None:
    plain = pd.DataFrame(ROWS, columns=list(NAMES))
    expected = recognise.parse(Member("a.csv", plain.to_csv(index=False).encode()), NOW)
    typed = plain.copy()
    for name in ("latitude", "longitude", "bright_ti4", "scan", "track", "acq_time", "frp"):
        typed[name] = pd.to_numeric(plain[name])
    typed["acq_date"] = pd.to_datetime(plain["acq_date"])
    for table in (plain, typed):
        found = recognise.parse(Member("a.xlsx", saved(table)), NOW)
        assert found.kind == "hotspots"
        pd.testing.assert_frame_equal(found.table, expected.table)


def test_another_workbook_keeps_its_own_refusal() -> None:
    with pytest.raises(FileRefused) as caught:
        recognise.parse(Member("a.xlsx", saved(pd.DataFrame({"name": ["x"], "cost": [1]}))), NOW)
    assert caught.value.key == "unknown_workbook"
