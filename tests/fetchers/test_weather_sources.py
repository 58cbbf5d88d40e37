"""Sources of weather and grids over real HTTP: what is asked, byte ranges, the queue, what the store then holds."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data import stored_grids
from data.clock import UTC
from data.store import Store
from fetchers.grib import eccodes
from fetchers.http import Http, Secrets
from fetchers.refresh import Outcome, refresh
from fetchers.source import Area, Period
from fetchers.sources import SOURCES, cams, gfs
from tests import grid_files
from tests.server import Answer, Asked, Server

#: 13:30 in Lampang.
NOW = dt.datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
EVER = (dt.datetime(2000, 1, 1, tzinfo=UTC), dt.datetime(2100, 1, 1, tzinfo=UTC))
KEY = "0123456789abcdef0123456789abcdef"
AREA = Area(98.5, 17.5, 100.5, 19.5, ("52",), ("37t",), (("5201", 99.5, 18.3),), ((99.0, 18.0),))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def one(store: Store, server: Server, name: str, now: dt.datetime = NOW, period: Period | None = None) -> Outcome:
    mirrors = dict.fromkeys(SOURCES[name].info.hosts, server.url)
    with Http(mirrors=mirrors, secrets=Secrets([KEY]), pause_s=0.01, timeout_s=(2.0, 5.0)) as http:
        (found,) = refresh(store, http, area=AREA, keys={"ads_key": KEY}, now=lambda: now, names=[name], period=period)
    return found


# -- Open-Meteo --------------------------------------------------------------------------------------------------------


def place(asked: Asked, at: int) -> dict[str, Any]:
    """Answer as the service does: every variable asked for, hour by hour of the days asked for, in Thai time."""
    first, last = (dt.datetime.fromisoformat(asked.query[name]) for name in ("start_date", "end_date"))
    hours = [first + dt.timedelta(hours=h) for h in range(((last - first).days + 1) * 24)]
    names = asked.query["hourly"].split(",")
    units = {name: "m/s" if "speed" in name else "°" if "direction" in name else "" for name in names}
    units |= {"temperature_2m": "°C", "relative_humidity_2m": "%", "precipitation": "mm"}
    units |= {"surface_pressure": "hPa", "boundary_layer_height": "m"}
    plain = {"surface_pressure": 970.0, "boundary_layer_height": 1500.0}
    return {
        "latitude": float(asked.query["latitude"].split(",")[at]),
        "longitude": float(asked.query["longitude"].split(",")[at]),
        "utc_offset_seconds": 25200,
        "hourly_units": {"time": "iso8601", **{name: units[name] for name in names}},
        "hourly": {
            "time": [f"{hour:%Y-%m-%dT%H:%M}" for hour in hours],
            **{name: [plain.get(name, 10.0)] * len(hours) for name in names},
        },
    }


def weather(asked: Asked) -> Answer:
    places = [place(asked, at) for at in range(len(asked.query["latitude"].split(",")))]
    return Answer(json.dumps(places if len(places) > 1 else places[0]).encode())


def test_a_forecast_is_kept_by_hour_and_issue(store: Store, server: Server) -> None:
    server.answer("/v1/forecast", weather)
    found = one(store, server, "open-meteo-weather")
    assert (found.verdict, found.newest) == ("updated", dt.datetime(2026, 3, 10, 6, tzinfo=UTC))
    query = server.asked[0].query
    assert (query["wind_speed_unit"], query["start_date"], query["end_date"]) == ("ms", "2026-03-08", "2026-03-13")
    assert query["latitude"].split(",") == ["18.3", "18"]
    table = store.weather(*EVER)
    ahead = table["measured_at"] > NOW
    assert (table["issued_at"].notna() == ahead).all()
    assert set(table.loc[ahead, "issued_at"]) == {NOW.replace(minute=0)}
    row = table[ahead].iloc[0]
    names = ("wind_speed_ms", "wind_speed_100m_ms", "wind_speed_925hpa_ms", "wind_speed_850hpa_ms")
    assert [row[name] for name in names] == [10.0] * 4
    assert (row["boundary_layer_m"], row["flag"], row["source"]) == (1500.0, "model", "open-meteo")
    assert store.weather_places()["station_id"].tolist() == ["open-meteo:18.00,99.00", "open-meteo:18.30,99.50"]


def test_a_later_forecast_leaves_the_earlier_one(store: Store, server: Server) -> None:
    server.answer("/v1/forecast", weather)
    one(store, server, "open-meteo-weather")
    one(store, server, "open-meteo-weather", NOW + dt.timedelta(hours=6))
    table = store.weather(*EVER)
    assert table["issued_at"].dropna().nunique() == 2
    assert not table.duplicated(["station_id", "measured_at", "issued_at"]).any()


def test_past_weeks_come_in_pieces_and_are_not_asked_twice(store: Store, server: Server) -> None:
    server.answer("/v1/archive", weather)
    period = Period(dt.date(2026, 2, 1), dt.date(2026, 3, 9))
    assert one(store, server, "open-meteo-era5", period=period).verdict == "updated"
    asked = [(a.query["start_date"], a.query["end_date"]) for a in server.asked]
    # ERA5 is late: the last days are not asked for.
    assert asked == [("2026-02-01", "2026-02-14"), ("2026-02-15", "2026-02-28"), ("2026-03-01", "2026-03-04")]
    assert "wind_speed_850hPa" not in server.asked[0].query["hourly"]
    table = store.weather(*EVER)
    assert set(table["station_id"]) == {"era5:18.00,99.00", "era5:18.30,99.50"}
    assert table["issued_at"].isna().all()
    assert one(store, server, "open-meteo-era5", period=period).verdict == "fresh"
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("body", "status", "verdict"),
    [
        (b'{"error":true,"reason":"Minutely API request limit exceeded. Try again."}', 400, "busy"),
        (b'{"error":true,"reason":"Cannot initialize from invalid String value"}', 400, "refused"),
        (b"<html>busy</html>", 200, "changed"),
        (b'{"latitude": 1}', 200, "changed"),
        (b'{"latitude":1,"longitude":2,"utc_offset_seconds":0,"hourly_units":{"temperature_2m":"K/s"},'
         b'"hourly":{"time":["2026-03-10T01:00"],"temperature_2m":[1]}}', 200, "changed"),
    ],
)  # fmt: skip
def test_refusals_and_other_shapes_have_their_verdict(
    store: Store, server: Server, body: bytes, status: int, verdict: str
) -> None:
    server.answer("/v1/forecast", Answer(body, status))
    assert one(store, server, "open-meteo-weather").verdict == verdict
    assert not store.parts("weather")


# -- GFS ---------------------------------------------------------------------------------------------------------------


def message(
    category: int, number: int, kind: int, level: int, value: Callable[[Any, Any], Any], step: int, columns: int
) -> bytes:
    """Return one GRIB2 message from 90 E and 25 N at 0.25 degrees, north first."""
    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    try:
        for key, held in {
            "Ni": columns, "Nj": 61,
            "latitudeOfFirstGridPointInDegrees": 25.0, "latitudeOfLastGridPointInDegrees": 10.0,
            "longitudeOfFirstGridPointInDegrees": 90.0, "longitudeOfLastGridPointInDegrees": 89.75 + columns / 4,
            "iDirectionIncrementInDegrees": 0.25, "jDirectionIncrementInDegrees": 0.25,
            "centre": 7, "tablesVersion": 2, "localTablesVersion": 1, "typeOfGeneratingProcess": 2,
            "dataDate": 20260310, "dataTime": 0, "step": step,
            "parameterCategory": category, "parameterNumber": number,
            "typeOfFirstFixedSurface": kind, "level": level, "bitsPerValue": 24,
        }.items():  # fmt: skip
            eccodes.codes_set(handle, key, held)
        lon, lat = np.meshgrid(90 + np.arange(columns) / 4, np.arange(25, 9.9, -0.25))
        eccodes.codes_set_values(handle, np.broadcast_to(value(lon, lat), lon.shape).astype(float).ravel())
        return bytes(eccodes.codes_get_message(handle))
    finally:
        eccodes.codes_release(handle)


def step_file(step: int, columns: int = 61) -> tuple[bytes, str]:
    """Return one step of a run and its index: what is wanted between things that are not."""
    parts = [
        ("PRMSL:mean sea level", message(3, 1, 101, 0, lambda x, y: 101000.0, step, columns)),
        ("UGRD:850 mb", message(2, 2, 100, 850, lambda x, y: -8.0, step, columns)),
        ("VGRD:850 mb", message(2, 3, 100, 850, lambda x, y: -6.0, step, columns)),
        ("TMP:850 mb", message(0, 0, 100, 850, lambda x, y: 290.0, step, columns)),
        ("TMP:2 m above ground", message(0, 0, 103, 2, lambda x, y: 273.15 + y, step, columns)),
        ("RH:2 m above ground", message(1, 1, 103, 2, lambda x, y: 50 + 0 * x, step, columns)),
        ("UGRD:10 m above ground", message(2, 2, 103, 10, lambda x, y: x - 99, step, columns)),
        ("VGRD:10 m above ground", message(2, 3, 103, 10, lambda x, y: 0 * x + 2, step, columns)),
        ("CAPE:surface", message(7, 6, 1, 0, lambda x, y: 100.0, step, columns)),
        ("HPBL:surface", message(3, 196, 1, 0, lambda x, y: 1200.0, step, columns)),
    ]
    lines, at = [], 0
    for number, (name, content) in enumerate(parts, 1):
        lines.append(f"{number}:{at}:d=2026031000:{name}:{f'{step} hour fcst' if step else 'anl'}:")
        at += len(content)
    return b"".join(content for _, content in parts), "\n".join(lines) + "\n"


def ranged(content: bytes) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        first, _, last = asked.headers["Range"].removeprefix("bytes=").partition("-")
        return Answer(content[int(first) : int(last) + 1 if last else None], status=206)

    return answer


def test_gfs_is_asked_by_the_ranges_of_its_index(store: Store, server: Server) -> None:
    # At 06:30 the run of 00 UTC is ready; of its steps three are published.
    for step in (0, 3, 9):
        content, index = step_file(step)
        path = f"/gfs.20260310/00/atmos/gfs.t00z.pgrb2.0p25.f{step:03d}"
        server.answer(f"{path}.idx", Answer(index.encode()))
        server.answer(path, ranged(content))
    found = one(store, server, "gfs-wind")
    assert found.verdict == "updated"
    ranges = [a.headers["Range"] for a in server.asked if a.path.endswith("f000")]
    assert len(ranges) == 3  # wind aloft; temperature to wind at 10 m; mixing height
    assert ranges[-1].endswith("-")
    table = store.weather(*EVER)
    assert len(store.weather_places()) == 49
    assert sorted(set(table["measured_at"].dt.hour)) == [0, 3, 9]
    ahead = table["measured_at"] > NOW
    assert set(table.loc[ahead, "issued_at"]) == {dt.datetime(2026, 3, 10, tzinfo=UTC)}
    assert table.loc[~ahead, "issued_at"].isna().all()
    row = table[(table["station_id"] == "gfs:18.00,99.00") & ahead].iloc[0]
    assert row["temperature_c"] == pytest.approx(18.0, abs=1e-3)
    assert (row["wind_speed_ms"], row["wind_from_deg"]) == (pytest.approx(2.0, abs=1e-3), pytest.approx(180.0, abs=0.1))
    aloft = (row["wind_speed_850hpa_ms"], row["wind_from_850hpa_deg"])
    assert aloft == (pytest.approx(10.0, abs=1e-3), pytest.approx(53.13, abs=0.01))
    assert (row["humidity_pct"], row["boundary_layer_m"]) == (pytest.approx(50.0), pytest.approx(1200.0))
    assert np.isnan(row["rain_mm"])


def test_a_run_that_is_not_there_yet_is_not_published(store: Store, server: Server) -> None:
    assert one(store, server, "gfs-wind").verdict == "not_published"
    assert all(path.endswith(".idx") for path in server.paths())


@pytest.mark.parametrize("body", [b"<html>", b"1:0:what:is:this\n", b"\x00\x01"])
def test_an_index_of_another_shape_is_told(store: Store, server: Server, body: bytes) -> None:
    server.answer("/gfs.20260310/*", Answer(body))
    assert one(store, server, "gfs-wind").verdict == "changed"


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-20], lambda c: b"HTML" + c[4:], lambda c: c[:60] + b"\xff" * 40 + c[100:]]
)
def test_damaged_messages_are_told(store: Store, server: Server, spoil: Callable[[bytes], bytes]) -> None:
    content, index = step_file(0)
    path = "/gfs.20260310/00/atmos/gfs.t00z.pgrb2.0p25.f000"
    server.answer(f"{path}.idx", Answer(index.encode()))
    server.answer(path, lambda asked: Answer(spoil(ranged(content)(asked).body), status=206))
    assert one(store, server, "gfs-wind").verdict == "changed"
    assert not store.parts("weather")


def test_points_outside_a_net_are_not_answered_by_its_edge(store: Store, server: Server) -> None:
    # 96 to 102 E is asked for; this file ends at 100.
    content, index = step_file(0, columns=41)
    path = "/gfs.20260310/00/atmos/gfs.t00z.pgrb2.0p25.f000"
    server.answer(f"{path}.idx", Answer(index.encode()))
    server.answer(path, ranged(content))
    assert one(store, server, "gfs-wind").verdict == "changed"
    assert not store.parts("weather")


def test_past_runs_are_two_steps_of_each() -> None:
    requests = gfs.WIND.requests_for(AREA, Period(dt.date(2026, 3, 1), dt.date(2026, 3, 1)), "", NOW)
    assert [r.label for r in requests[:3]] == [
        "run 2026-02-28 12 UTC, hour 0", "run 2026-02-28 12 UTC, hour 3", "run 2026-02-28 18 UTC, hour 0",
    ]  # fmt: skip
    assert all(r.index for r in requests)


# -- CAMS by the Atmosphere Data Store ---------------------------------------------------------------------------------

JOBS = "/api/retrieve/v1/jobs"
SUBMIT = f"/api/retrieve/v1/processes/{cams._DATASET}/execution"
RESULT = "/cci2-prod-cache-1/2026-03-10/abc.zip"


def job(status: str, name: str = "j1", **more: Any) -> dict[str, Any]:
    return {"jobID": name, "processID": cams._DATASET, "status": status, **more}


def as_answer(document: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(document).encode(), status)


def result() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("data_sfc.nc", grid_files.netcdf(np.full((2, 2, 3), 5e-8, dtype=np.float32)))
    return out.getvalue()


def script(server: Server, *statuses: str, jobs: list[dict[str, Any]] | None = None) -> None:
    server.answer(JOBS, as_answer({"jobs": jobs or []}))
    server.answer(SUBMIT, as_answer(job("accepted"), 201))
    server.answer(f"{JOBS}/j1", *(as_answer(job(status)) for status in statuses))
    href = f"https://{cams._STORAGE}{RESULT}?X-Signature={'s' * 20}"
    server.answer(f"{JOBS}/j1/results", as_answer({"asset": {"value": {"href": href}}}))
    server.answer(RESULT, Answer(result()))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cams, "_LOOK_S", 0.01)


@pytest.mark.usefixtures("quick")
def test_a_job_is_submitted_once_looked_after_and_its_grid_stored(store: Store, server: Server) -> None:
    script(server, "accepted", "running", "successful")
    found = one(store, server, "cams-forecast")
    assert (found.verdict, found.rows) == ("updated", 2)
    assert server.paths() == [JOBS, SUBMIT, *[f"{JOBS}/j1"] * 3, f"{JOBS}/j1/results", RESULT]
    sent = json.loads(server.asked[1].body)["inputs"]
    assert (sent["date"], sent["time"]) == (["2026-03-09/2026-03-09"], ["12:00"])
    assert sent["area"] == [23.5, 94.5, 13.5, 104.5]
    assert all(a.headers.get("PRIVATE-TOKEN") == KEY for a in server.asked[:-1])
    # The storage of the results is another house: it never gets the key, and its signature is kept nowhere.
    assert KEY not in str(server.asked[-1].headers)
    assert "sssss" not in "".join(store.snapshots()["url"])
    written = [path.read_bytes() for path in store.root.rglob("*") if path.is_file()]
    assert not any(KEY.encode() in content or b"sssss" in content for content in written)
    listed = stored_grids.grids(store)
    assert listed["variable"].tolist() == ["pm25"]
    grid = stored_grids.grid(store, "pm25", listed["source"].iloc[0], *EVER)
    assert float(grid.mean()) == pytest.approx(50.0, rel=1e-3)


@pytest.mark.usefixtures("quick")
def test_a_job_of_an_earlier_fetch_is_taken_up(store: Store, server: Server) -> None:
    other = {"metadata": {"request": {"ids": {"variable": ["ozone"]}}}}
    (request,) = cams.FORECAST.requests_for(AREA, None, KEY, NOW)
    # The store's own spelling of what was asked for: one as itself, numbers as they come, another order.
    inputs = json.loads(request.body)["inputs"]
    inputs |= {"type": "forecast", "leadtime_hour": inputs["leadtime_hour"][::-1], "area": [23.50, 94.5, 13.5, 104.5]}
    mine = {"metadata": {"request": {"ids": inputs}}}
    script(server, jobs=[job("successful", "j0"), job("failed", "j9"), job("successful")])
    server.answer(f"{JOBS}/j0", as_answer(job("successful", "j0", **other)))
    server.answer(f"{JOBS}/j1", as_answer(job("successful", **mine)))
    assert one(store, server, "cams-forecast", NOW).rows == 2
    assert server.paths() == [JOBS, f"{JOBS}/j0", f"{JOBS}/j1", f"{JOBS}/j1/results", RESULT]


@pytest.mark.usefixtures("quick")
def test_a_queue_longer_than_the_time_is_told_and_nothing_is_lost(
    store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = dataclasses.replace(cams.FORECAST, info=dataclasses.replace(cams.FORECAST.info, deadline_s=1.5))
    monkeypatch.setitem(SOURCES, "cams-forecast", short)
    script(server, "accepted")
    found = one(store, server, "cams-forecast")
    assert found.verdict == "busy"
    assert found.error is not None
    assert found.error.key in ("source_queued", "source_busy")
    assert server.paths().count(SUBMIT) == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (
            as_answer({"title": "required licences not accepted", "detail": "Not all the licences are accepted"}, 403),
            "refused",
        ),
        (as_answer({"detail": "request too large"}, 400), "refused"),
        (as_answer(job("failed")), "refused"),
        (as_answer({"no": "status"}), "refused"),
        (as_answer([1]), "changed"),
        (Answer(b"<html>", 200), "changed"),
        (Answer(b"oops", 500), "unreachable"),
    ],
)
def test_refusals_of_a_job_are_told_and_it_is_not_submitted_again(
    store: Store, server: Server, answer: Answer, verdict: str
) -> None:
    script(server)
    server.answer(SUBMIT, answer)
    assert one(store, server, "cams-forecast").verdict == verdict
    assert server.paths() == [JOBS, SUBMIT]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("body", [b"PK\x03\x04broken", b"\x89HDF broken", b"words"])
def test_a_result_that_is_no_grid_is_told(store: Store, server: Server, body: bytes) -> None:
    script(server, "successful")
    server.answer(RESULT, Answer(body))
    assert one(store, server, "cams-forecast").verdict == "changed"
    assert stored_grids.grids(store).empty
