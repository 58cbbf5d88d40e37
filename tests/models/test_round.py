"""The round: which pass it is of, what it counts, what changed; and the passes behind a number."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data import contracts
from data.merge import Writer
from data.store import Store
from layers import round as words
from models.looks import looks
from models.round import Round, make_round, window
from tests import make
from tests.layers.desks import at, desk_of, march, store_of


def local(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """Return a Thai moment of March 2026, in UTC."""
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=dt.UTC) - dt.timedelta(hours=7)


@pytest.mark.parametrize(
    ("moment", "start", "kind", "day"),
    [
        (local(10, 9), local(9, 18), "night", 10),
        (local(10, 0, 5), local(9, 18), "night", 10),
        (local(10, 12), local(10, 6), "day", 10),
        (local(10, 23, 59), local(10, 6), "day", 10),
    ],
)
def test_the_round_of_a_moment(moment: dt.datetime, start: dt.datetime, kind: str, day: int) -> None:
    assert window(moment) == (start, kind, dt.date(2026, 3, day))


def counted(report: Round, by: str) -> list[tuple[str, int, int]]:
    some = report.counts[report.counts["by"] == by]
    return list(some[["code", "count", "earlier"]].itertuples(index=False, name=None))


def test_the_rounds_of_a_day(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    morning, afternoon = make_round(desk, local(10, 9)), make_round(desk, local(10, 15))
    assert (morning.kind, morning.total, morning.official) == ("night", 1, 1)
    assert counted(morning, "tambon") == [("520101", 1, 0)]
    assert (afternoon.kind, afternoon.total, afternoon.official) == ("day", 3, 2)
    # Most first, and what the round before had.
    assert counted(afternoon, "tambon") == [("520101", 2, 1), ("520102", 1, 0)]
    assert counted(afternoon, "amphoe") == [("5201", 3, 1)]
    assert counted(afternoon, "land") == [("unknown", 2, 0), ("agriculture", 1, 0), ("reserved_forest", 0, 1)]
    told = afternoon.fires.set_index("tambon")
    assert told["change"].to_dict() == {"520101": "same", "520102": "new"}
    assert told["seen_now"].to_dict() == {"520101": 2, "520102": 1}
    # Seen at 13:30, reported at 15:00.
    assert told["age_hours"].tolist() == [1.5, 1.5]
    assert told["zone"].tolist() == ["47Q", "47Q"]


def test_a_later_pass_is_not_in_an_earlier_round(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    assert make_round(desk, local(12, 9)).total == 0
    assert make_round(desk, local(12, 15)).total == 2


def test_a_fire_known_before_is_not_new_when_an_earlier_row_comes_late(tmp_path: Path) -> None:
    store = store_of(tmp_path, [march()])

    def add(*moments: str) -> None:
        with store.locked():
            writer = Writer(store, store.state())
            writer.add_hotspots(make.hotspots(*(at("520104", moment) for moment in moments)))
            writer.commit()

    add("2026-03-12T06:10Z")
    (name,) = (fire["fire_id"] for fire in told(store) if fire["tambon"] == "520104")
    # Of the night before, and it arrives after the fire had its name: the round now knows that it burned then.
    add("2026-03-11T18:40Z")
    (fire,) = (fire for fire in told(store) if fire["tambon"] == "520104")
    assert (fire["fire_id"], fire["change"], fire["seen_now"]) == (name, "same", 1)


def told(store: Store) -> list[dict[str, Any]]:
    return pd.DataFrame(make_round(desk_of(store), local(12, 15)).fires.drop(columns="geometry")).to_dict("records")


def test_fires_go_quiet_and_out(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    assert set(make_round(desk, local(11, 15)).fires["change"]) == {"gone_quiet"}
    assert make_round(desk, local(13, 9)).fires.empty
    gone = make_round(desk, local(15, 15)).fires
    assert set(gone["change"]) == {"out"}
    assert set(gone["tambon"]) == {"520101", "520102"}


def test_wind_and_the_nearest_site(tmp_path: Path) -> None:
    store = store_of(tmp_path, [march()])
    place = make.stations({"station_id": "w1", "lon": 99.10, "lat": 18.05})
    hours = pd.to_datetime(["2026-03-10T05:00Z", "2026-03-10T07:00Z", "2026-03-10T09:00Z"]).astype(
        "datetime64[us, UTC]"
    )
    wind = pd.DataFrame({"station_id": "w1", "measured_at": hours, "wind_speed_ms": [1.0, 2.0, 3.0]})
    with store.locked():
        writer = Writer(store, store.state())
        wind = wind.assign(wind_from_deg=[0.0, 225.0, 90.0], flag="ok", source="test")
        writer.add_weather(contracts.typed(wind, contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES), place)
        writer.commit()
    sites = pd.DataFrame({"name_th": ["ก", "ข"], "name_en": ["A", "B"], "lon": [99.06, None], "lat": [18.05, None]})
    fires = make_round(desk_of(store), local(10, 15), sites=sites).fires
    assert set(fires["wind_ms"]) == {2.0}
    assert set(fires["wind_from_deg"]) == {225.0}
    assert fires.set_index("tambon")["site_km"].to_dict() == {
        "520101": pytest.approx(1.1),
        "520102": pytest.approx(9.5),
    }
    text = words.text("en", make_round(desk_of(store), local(10, 15), sites=sites), "Lampang")
    assert "wind from the south-west, 2.0 m/s (at 14:00)" in text
    assert "nearest site on record: A, 1.1 km" in text


def test_passes_expected_and_seen(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    table = looks(desk, dt.date(2026, 3, 10), dt.date(2026, 3, 12), ("SNPP", "NOAA20"))
    told = {(row["day"].day, row["satellite"], row["pass"]): row["state"] for row in table.to_dict("records")}
    assert len(told) == 12
    assert told[10, "SNPP", "night"] == told[10, "SNPP", "day"] == told[12, "SNPP", "day"] == "seen"
    assert told[11, "SNPP", "day"] == told[12, "SNPP", "night"] == "nothing_seen"
    assert {state for (_, name, _), state in told.items() if name == "NOAA20"} == {"not_stored"}
    assert int(table["detections"].sum()) == 5
    # Before it flew nothing is expected of it; the pass after now is not missed yet.
    assert looks(desk, dt.date(2017, 3, 1), dt.date(2017, 3, 1), ("NOAA20",)).empty
    assert set(looks(desk, dt.date(2026, 3, 13), dt.date(2026, 3, 13), ("SNPP",))["state"]) == {"not_yet"}


def test_the_evening_before_belongs_to_the_night_pass(tmp_path: Path) -> None:
    rows = make.hotspots(at("520101", "2026-03-09T15:10Z", satellite="TERRA", sensor="MODIS"))
    table = looks(desk_of(store_of(tmp_path, [rows])), dt.date(2026, 3, 10), dt.date(2026, 3, 10), ("TERRA",))
    assert table.loc[table["state"] == "seen", "pass"].tolist() == ["night"]


def test_the_text_has_what_crews_write(tmp_path: Path) -> None:
    report = make_round(desk_of(store_of(tmp_path, [march()])), local(10, 15))
    thai, english = words.text("th", report, "ลำปาง"), words.text("en", report, "Lampang")
    assert "รอบบ่าย" in thai
    assert "Suomi NPP เวลา 13:30 น. 2 จุด" in thai
    assert "รวมทั้งจังหวัด 3 จุด (รอบก่อน 1 จุด)" in thai
    assert "Whole province 3 hotspots (round before: 1)" in english
    assert english.index("tambon en 2") < english.index("tambon en 1,") if "tambon en 1," in english else True
    first = report.fires.iloc[0]
    for way in (f"47Q {first['easting']:.0f} E {first['northing']:.0f} N", f"E{first['easting']:.0f} N"):
        assert way in thai
    assert f"{first['easting']:.0f}, {first['northing']:.0f}" in thai


def test_a_round_that_nothing_is_stored_of_is_not_zero(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    report = make_round(desk, dt.datetime(2025, 3, 10, 8, tzinfo=dt.UTC))
    assert not report.known
    text = words.text("en", report, "Lampang")
    assert "not known" in text
    assert "Whole province" not in text
    table = words.rows(report)
    assert table.loc[table["section"] == "province", "count"].isna().all()


def test_rows_for_programs_add_up(tmp_path: Path) -> None:
    table = words.rows(make_round(desk_of(store_of(tmp_path, [march()])), local(10, 15)))
    total = {name: int(part["count"].sum()) for name, part in table.groupby("section")}
    assert total["province"] == total["amphoe"] == total["tambon"] == total["land"] == total["fire"] == 3
    assert table.loc[table["section"] == "fire", "utm"].str.match(r"47Q \d{6} E \d{7} N").all()
