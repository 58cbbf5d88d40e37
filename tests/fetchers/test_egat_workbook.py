"""Wide workbooks of EGAT: quantity and station from title or name, letters beside numbers, the hours of the table."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.clock import ICT, UTC
from data.errors import FileRefused
from fetchers import recognise
from fetchers.parsed import Parsed
from fetchers.unpack import Member

NOW = dt.datetime(2026, 4, 30, tzinfo=UTC)
HEADER = ["\xa0DATE/Time\xa0", *[f"\xa0{hour}\xa0" for hour in range(1, 25)], "24AVG", "MAX"]


def wide(*rows: list[Any], title: str = "", sheet: str = "Sheet1", header: list[Any] | None = None) -> bytes:
    out = io.BytesIO()
    above = [[title, *[""] * (len(HEADER) - 1)]] if title else []
    pd.DataFrame([*above, header or HEADER, *rows]).to_excel(out, sheet_name=sheet, index=False, header=False)
    return out.getvalue()


def day(date: Any, *cells: Any) -> list[Any]:
    return [date, *cells, *[20.0] * (24 - len(cells)), 19.0, 25.0]


def read(data: bytes, name: str = "temp_09_Ban Soppad.xlsx") -> Parsed:
    parsed = recognise.parse(Member(name, data), NOW)
    assert parsed.read == len(parsed.table) + parsed.rejected_count
    return parsed


def told(parsed: Parsed) -> dict[str, int]:
    return {remark.key: remark.count for remark in (*parsed.rejected, *parsed.mended)}


def test_a_day_is_twenty_four_hours_that_end_as_written() -> None:
    parsed = read(wide(day(dt.date(2010, 1, 1), 17.5, "21.49D", "F", "", 0)))
    assert (parsed.format, parsed.kind) == ("egat-weather-xlsx", "weather")
    assert set(parsed.table["station_id"]) == {"egat:ban_soppad"}
    stamps = [t.astimezone(ICT).strftime("%d %H") for t in parsed.table["measured_at"]]
    assert (stamps[0], stamps[-1]) == ("01 00", "01 23")
    assert parsed.table["temperature_c"].tolist()[:5] == pytest.approx([17.5, *[np.nan] * 4], nan_ok=True)
    assert parsed.table["flag"].tolist()[:3] == ["ok", "missing", "missing"]
    assert told(parsed) == {"flagged_value": 1, "zero_is_missing": 1}


def test_particles_are_readings_and_their_title_tells_what_they_are() -> None:
    hours = [dt.time(hour) for hour in range(1, 24)]
    header = ["Date/Time", *hours, "24", "MEAN", "MAX"]
    data = wide(day(dt.date(2010, 1, 1), 37.32), title="PM10 Station no.9", sheet="Bansoppad", header=header)
    parsed = read(data, "download.xlsx")
    assert (parsed.format, parsed.kind) == ("egat-pm10-xlsx", "readings")
    assert parsed.table["value"].iloc[0] == 37.32
    assert set(parsed.table["averaging"]) == {"PT1H"}


def test_days_that_cannot_be_read_or_lie_ahead_are_rejected() -> None:
    parsed = read(wide(day("someday"), day(dt.date(2027, 1, 1)), day(dt.date(2010, 1, 2))))
    assert told(parsed) == {"bad_date": 24, "future_date": 24}
    assert len(parsed.table) == 24


@pytest.mark.parametrize("name", ["book.xlsx", "temp.xlsx", "ban_soppad.xlsx", "temperature_somewhere.xlsx"])
def test_without_quantity_and_station_it_is_refused_with_a_way_out(name: str) -> None:
    with pytest.raises(FileRefused) as error:
        read(wide(day(dt.date(2010, 1, 1))), name)
    assert error.value.key == "egat_workbook"


def test_columns_without_days_and_other_workbooks() -> None:
    with pytest.raises(FileRefused) as error:
        read(wide())
    assert error.value.key == "header_only"
    with pytest.raises(FileRefused) as error:
        read(wide(header=["Date/Time", *range(2, 26)]))
    assert error.value.key == "unknown_workbook"


def test_the_real_workbook_says_what_the_table_says(shared: Path) -> None:
    folder = shared / "data" / "weather"
    name = "egat_temp_09_Ban Soppad.xlsx"
    parsed = read((folder / "raw_samples" / name).read_bytes(), name)
    data = gzip.decompress((folder / "egat_maemoh_ban_soppad_hourly_2010_2020.csv.gz").read_bytes())
    table = recognise.parse(Member("x.csv", data), NOW).table
    both = parsed.table.merge(table, on=["station_id", "measured_at"])
    assert len(both) == 96_432
    np.testing.assert_array_equal(both["temperature_c_x"], both["temperature_c_y"])
