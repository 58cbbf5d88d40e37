"""Yearly workbooks of the department: small ones written here in their shape, then the five real ones.

The small ones imitate: header Date, 02T, 37T ...; dates as dates; n/a, N/A, - and empty cells; a footer in Thai below;
70T* beside 70T**; a date written twice; a last sheet with the stations.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from data.errors import FileRefused
from fetchers import pcd, tidy_air
from fetchers.parsed import Parsed

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
NOTE = ["หมายเหตุ", "N/A : ไม่มีข้อมูล", ""]


def workbook(*rows: list[Any], sheet: str = "PM2.5") -> bytes:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = sheet
    for row in rows:
        first.append(row)
    stations = book.create_sheet("พารามิเตอร์_สถานี")
    stations.append(["รายละเอียดสถานีตรวจวัดคุณภาพอากาศ ปี 2562", "", ""])
    stations.append(["รหัสสถานี", "ชื่อสถานี", "รายละเอียดจุดติดตั้งสถานี"])
    stations.append(["37T", "ต.พระบาท อ.เมือง จ.ลำปาง", "สถานีอุตุนิยมวิทยาลำปาง"])
    stations.merge_cells("A1:C1")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def told(parsed: Parsed) -> dict[str, int]:
    return {remark.key: remark.count for remark in (*parsed.rejected, *parsed.mended)}


def test_cells_become_daily_means_of_the_thai_day() -> None:
    data = workbook(
        ["Date", "37T", "38T"],
        [day("2019-01-01"), 16, "n/a"],
        [day("2019-01-02"), "-", 17.5],
        [day("2019-01-03"), "", "N/A"],
        ["", "", ""],
        NOTE,
    )
    parsed = pcd.parse_workbook(data, NOW)
    assert (parsed.read, parsed.rejected, parsed.stations) == (6, (), None)
    assert list(parsed.table["averaging"].unique()) == ["P1D"]
    at = parsed.table.set_index(["station_id", "measured_at"])["value"]
    assert at["37t", pd.Timestamp("2019-01-01T00:00+07:00")] == 16
    assert at["38t", pd.Timestamp("2019-01-02T00:00+07:00")] == 17.5
    assert list(parsed.table["flag"]).count("missing") == 4


def test_two_sites_under_one_code_stay_two() -> None:
    data = workbook(["Date", "70T*", "70T**", "72T(เก่า)", "72T(ใหม่)"], [day("2019-01-01"), 1, 2, 3, 4])
    parsed = pcd.parse_workbook(data, NOW)
    assert dict(zip(parsed.table["station_id"], parsed.table["value"], strict=True)) == {
        "70t-old": 1,
        "70t": 2,
        "72t-old": 3,
        "72t": 4,
    }
    assert told(parsed)["two_sites"] == 2


def test_of_a_date_written_twice_the_row_in_step_with_the_calendar_counts() -> None:
    rows = [[day(f"2021-06-{d}"), d] for d in (27, 28, 30, 30)] + [[day("2021-07-01"), 31]]
    rows[2][1] = 99
    parsed = pcd.parse_workbook(workbook(["Date", "37T"], *rows), NOW)
    assert list(parsed.table["value"]) == [27, 28, 30, 31]
    assert [(remark.key, remark.count, remark.rows) for remark in parsed.rejected] == [("double_day", 1, (3,))]


def test_titles_above_and_buddhist_dates_are_read() -> None:
    data = workbook(["ข้อมูล PM2.5 ปี พ.ศ. 2566"], [""], ["วันที่", "37T"], ["01/02/2566", 5], ["2566-02-02", 6], ["x", 7])
    parsed = pcd.parse_workbook(data, NOW)
    good = parsed.table["measured_at"]
    assert list(good) == [pd.Timestamp("2023-02-01T00:00+07:00"), pd.Timestamp("2023-02-02T00:00+07:00")]
    assert told(parsed)["buddhist_year"] == 2
    assert parsed.rejected[0].key == "no_date"
    assert parsed.read == len(parsed.table) + 1


def test_the_pollutant_is_read_from_the_sheet_name() -> None:
    rows = (["Date", "37T"], [day("2025-01-01"), 40.4])
    assert set(pcd.parse_workbook(workbook(*rows, sheet="PM10"), NOW).table["variable"]) == {"pm10"}
    parsed = pcd.parse_workbook(workbook(*rows, sheet="DATA"), NOW)
    assert (set(parsed.table["variable"]), told(parsed)["assumed_pm25"]) == ({"pm25"}, 1)
    with pytest.raises(FileRefused) as refusal:
        pcd.parse_workbook(workbook(*rows, sheet="SO2"), NOW)
    assert refusal.value.key == "no_particles"


def book_of(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_every_sheet_of_days_is_read() -> None:
    """A workbook with a sheet a month: none is left out unseen."""
    months = [
        ("ม.ค.67", [["Date", "37T"], [day("2024-01-31"), 1]]),
        ("ก.พ.67", [["Date", "37T"], [day("2024-02-29"), 2]]),
    ]
    parsed = pcd.parse_workbook(book_of(*months), NOW)
    assert (parsed.read, list(parsed.table["value"])) == (2, [1, 2])
    assert parsed.table["measured_at"].iloc[1] == pd.Timestamp("2024-02-29T00:00+07:00")


def test_sheets_of_both_sizes_are_read_and_those_of_gases_named() -> None:
    header, when = ["Date", "37T"], day("2024-02-29")
    sheets = [("O3", [header, [when, 40]]), ("PM10", [header, [when, 60]]), ("PM2.5", [header, [when, 30.5]])]
    parsed = pcd.parse_workbook(book_of(*sheets), NOW)
    assert parsed.table.set_index("variable")["value"].to_dict() == {"pm10": 60, "pm25": 30.5}
    assert [(one.key, one.context["sheets"]) for one in parsed.mended if one.key == "sheets_left"] == [
        ("sheets_left", "O3")
    ]
    doubles = told(parsed).get("double_records", 0)
    records = len(parsed.table[["station_id", "measured_at"]].drop_duplicates())
    assert parsed.read == records + doubles


def test_a_header_of_two_rows_with_merged_cells_is_read() -> None:
    rows = [["วันที่", "ภาคเหนือ", ""], ["", "37T", "38T"], [day("2024-02-29"), 1, 2]]
    parsed = pcd.parse_workbook(workbook(*rows), NOW)
    assert dict(zip(parsed.table["station_id"], parsed.table["value"], strict=True)) == {"37t": 1, "38t": 2}


@pytest.mark.parametrize(
    ("header", "station"),
    [
        ("37T\nต.พระบาท อ.เมือง", "37t"),
        ("37 T", "37t"),
        ("37T*", "37t"),
        ("37T**", "37t"),
        ("37T (เก่า)", "37t-old"),
        ("bkp112t", "bkp112t"),
    ],
)
def test_codes_as_headers_write_them(header: str, station: str) -> None:
    """A star alone points to a footnote; only beside a second column of the code it marks the old site."""
    parsed = pcd.parse_workbook(workbook(["Date", header], [day("2024-02-29"), 1]), NOW)
    assert list(parsed.table["station_id"]) == [station]


@pytest.mark.parametrize(
    "cell",
    [45351, "29/2/2567", "29/2/67", "29-02-2024", "29 ก.พ. 67", "29 กุมภาพันธ์ 2567", "29-Feb-24", "2024-02-29 00:00:00"],
)
def test_days_however_they_were_typed(cell: object) -> None:
    parsed = pcd.parse_workbook(workbook(["Date", "37T"], [cell, 1]), NOW)
    assert list(parsed.table["measured_at"]) == [pd.Timestamp("2024-02-29T00:00+07:00")]


@pytest.mark.parametrize("cell", ["29/2/2566", "31 เม.ย. 2567", "1/1/1967", 7, 45351.5, "29/13/67", "มีนาคม 2567"])
def test_what_is_no_day_is_told_and_never_guessed(cell: object) -> None:
    parsed = pcd.parse_workbook(workbook(["Date", "37T"], [cell, 1]), NOW)
    assert (len(parsed.table), parsed.rejected[0].key) == (0, "no_date")


def test_a_column_with_the_month_first_is_read_as_one() -> None:
    parsed = pcd.parse_workbook(workbook(["Date", "37T"], ["2/3/2024", 1], ["2/13/2024", 2]), NOW)
    assert [f"{moment.tz_convert('Asia/Bangkok'):%Y-%m-%d}" for moment in parsed.table["measured_at"]] == [
        "2024-02-03",
        "2024-02-13",
    ]


def test_future_days_are_rejected() -> None:
    data = workbook(["Date", "37T"], [day("2026-12-01"), 1], [day("2026-12-02"), 2])
    parsed = pcd.parse_workbook(data, NOW)
    assert (told(parsed)["future_date"], len(parsed.table)) == (1, 1)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"PK\x03\x04 not a workbook", "unreadable_workbook"),
        (workbook(["Name", "Value"], ["a", 1]), "unknown_workbook"),
        (workbook(["Date", "37T"]), "header_only"),
        (
            workbook(["PM10 Station no.9"], ["Date/Time", dt.time(1), dt.time(2)], [day("2009-01-01"), 7, 19]),
            "known_but_unread",
        ),
    ],
)
def test_refusals(data: bytes, key: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        pcd.parse_workbook(data, NOW)
    assert refusal.value.key == key


def test_real_workbooks_hold_what_the_tidy_table_holds(shared: Path) -> None:
    folder = shared / "data" / "air"
    books = []
    for year, cells in ((2019, 24_090), (2020, 24_888), (2021, 28_470), (2023, 15_747), (2025, 18_100)):
        parsed = pcd.parse_workbook((folder / "raw_pcd_daily" / f"PM2.5({year}).xlsx").read_bytes(), NOW)
        assert parsed.read == cells == len(parsed.table) + parsed.rejected_count
        assert told(parsed).get("double_day", 0) == (78 if year == 2021 else 0)
        books.append(parsed.table)
    name = "pcd_daily_pm25_north.csv.gz"
    tidy = tidy_air.parse(gzip.decompress((folder / name).read_bytes()), name, NOW)
    assert (tidy.read, tidy.rejected_count, int(tidy.table["value"].notna().sum())) == (26_957, 18, 25_860)
    key = ["station_id", "measured_at"]
    both = tidy.table.merge(pd.concat(books), on=key, how="left", suffixes=("", "_book"), indicator=True)
    assert (both["_merge"] == "both").all()
    same = (both["value"] == both["value_book"]) | (both["value"].isna() & both["value_book"].isna())
    assert same.all()
