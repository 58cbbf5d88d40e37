"""The Data page in words: how old the data are, where they came from, what became of files, what can be taken away."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

from data.errors import FileRefused, Locked, StoreError
from fetchers.importer import Verdict
from fetchers.parsed import Remark
from layers import stored
from layers.words import say
from models.desk import Desk
from tests import make
from tests.layers import desks


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desks.desk_of(desks.store_of(tmp_path / "s", [desks.march()], desks.air(("2026-03-10", 52.0))))


def test_status_says_time_age_and_state(desk: Desk) -> None:
    table = stored.status(desk, "en").set_index("Source")
    # The newest detection is of 12 March 13:10, the clock stands at 20:00; the day of the mean began on 10 March 00:00.
    assert table.loc["Hotspots Suomi NPP"].tolist() == ["12 Mar 2026 13:10", "6 h 50 min", "up to date"]
    assert table.loc["PM2.5 readings · Pollution Control Department, daily (CSV)", "Newest data"] == "10 Mar 2026 00:00"
    assert table.loc["PM2.5 readings · Pollution Control Department, daily (CSV)", "State"] == "old"
    assert table.loc["Tambon outlines Lampang"].tolist() == ["–", "–", "imported"]


def test_status_speaks_thai(desk: Desk) -> None:
    table = stored.status(desk, "th")
    assert table.iloc[0].tolist() == ["จุดความร้อน Suomi NPP", "12 มี.ค. 2569 13:10 น.", "6 ชม. 50 นาที", "เป็นปัจจุบัน"]
    assert table[say("th", "column.source")].tolist()[-2] == "ขอบเขตตำบล ลำปาง"


def test_status_does_not_show_where_the_store_lies(desk: Desk) -> None:
    assert str(desk.store.root) not in stored.status(desk, "en").to_csv()


def test_an_age_is_never_below_zero(tmp_path: Path) -> None:
    later = make.hotspots(desks.at("520101", "2026-03-12T14:00Z"))
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [later]))
    assert stored.status(desk, "en")["Age"].iloc[0] == "0 h 0 min"


def test_an_empty_store_is_said_to_be_empty(tmp_path: Path) -> None:
    table = stored.status(desks.desk_of(desks.store_of(tmp_path / "s")), "en")
    assert table[table["Source"].isin(["Hotspots", "PM2.5 readings"])]["State"].tolist() == ["nothing stored"] * 2


def test_provenance_tells_what_happened_to_the_rows(desk: Desk) -> None:
    table = stored.provenance(desk, "en")
    assert table["File"].tolist() == ["air.csv", "file0.csv"]
    row = table.iloc[1]
    assert (row["Kind"], row["Format"], row["Brought in"]) == (
        "Hotspots",
        "FIRMS near real time (CSV)",
        "12 Mar 2026 20:00",
    )
    assert (row["Read"], row["Kept"], row["Rejected"]) == (8, 6, 2)
    assert row["Remarks"] == "Rows without a date were left out. (row 3, 5)"
    assert row["SHA-256"] == "0" * 16
    thai = stored.provenance(desk, "th")
    assert thai[say("th", "column.remarks")].iloc[1].endswith("(แถวที่ 3, 5)")


def test_provenance_of_an_empty_store_has_its_columns(tmp_path: Path) -> None:
    table = stored.provenance(desks.desk_of(desks.store_of(tmp_path / "s")), "en")
    assert table.empty
    assert {"File", "Kept", "SHA-256"} <= set(table.columns)


def test_verdicts_are_worded() -> None:
    found = [
        Verdict("good.csv", "firms-nrt-csv", "hotspots", 3, 3),
        Verdict("again.csv", "firms-nrt-csv", "hotspots", 3, 0, 3),
        Verdict("half.csv", "firms-nrt-csv", "hotspots", 3, 1, 0, 2, (Remark("bad_date", 2, (2, 3)),)),
        Verdict("bad.txt", refused=FileRefused("bad.txt: empty", key="empty_file")),
    ]
    table = stored.verdicts("en", found)
    assert table[say("en", "column.taken")].tolist() == ["✓", "✓", "✓", "✗"]
    reasons = table["Verdict"].tolist()
    assert reasons[0] == say("en", "word.all_good")
    assert reasons[1] == say("en", "word.nothing_new")
    assert reasons[2].endswith("(row 2, 3)")
    assert reasons[3] == say("en", "error.empty_file")
    assert stored.verdicts("th", found)[say("th", "column.reason")].iloc[3] == say("th", "error.empty_file")


def test_a_failed_import_is_worded() -> None:
    assert "60" in stored.failure("en", Locked("held", context={"seconds": "60"}))
    assert stored.failure("th", StoreError("disk")) == say("th", "error.store")


def test_download_holds_the_rows_of_the_view(desk: Desk) -> None:
    name, data = stored.download(desk, desks.view(), "csv")
    assert name == "hotspots_lampang_2026-03-10_2026-03-10.csv"
    rows = pd.read_csv(io.BytesIO(data), dtype={"tambon": "str"})
    assert rows["tambon"].value_counts().to_dict() == {"520101": 3, "520102": 1}
    _, data = stored.download(desk, desks.view(sats="MODIS"), "csv")
    assert pd.read_csv(io.BytesIO(data))["satellite"].tolist() == ["TERRA"]


def test_counts_download_shows_zeros(desk: Desk) -> None:
    name, data = stored.counts_csv(desk, desks.view())
    assert name == "counts_lampang_2026-03-10_2026-03-10.csv"
    assert pd.read_csv(io.BytesIO(data))["count"].tolist() == [3, 1, 0, 0]


def test_everything_is_taken_away_as_a_cube(desk: Desk, tmp_path: Path) -> None:
    name, data = stored.cube_file(desk, desks.view())
    assert name == "cube_lampang_2026-03-10_2026-03-10.nc"
    (tmp_path / name).write_bytes(data)
    made = xr.load_dataset(tmp_path / name)
    assert int(made["hotspots_day"].sum() + made["hotspots_night"].sum()) == 4
    assert made["pm25"].attrs["units"] == "µg/m³"
