"""The command line as a person or a script meets it: each test starts the program itself."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from data import settings
from data.accounts import OPERATOR
from data.clock import UTC
from data.merge import Writer
from data.registry import open_registry
from data.store import Store
from fetchers import importer
from fetchers.brought import Brought
from tests import files, grid_files, make

ROOT = Path(__file__).resolve().parent.parent
NOW = dt.datetime(2026, 12, 1, 6, tzinfo=UTC)
VERDICT = ["file", "format", "read", "kept", "duplicates", "rejected", "reason"]
AIR = ["code", "time", "pm25", "coverage", "aqi", "class"]
TAMBONS = ["520101", "520102", "520103", "520104"]
#: Middles of the four square tambons, west to east, then north.
PLACES = {"520101": ("99.05", "18.05"), "520102": ("99.15", "18.05"), "520104": ("99.15", "18.15")}


def environment(store: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HAZE_")}
    return {**kept, "HAZE_STORE": str(store), "COLUMNS": "200", **more}


def run(store: Path, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on a store; a traceback is a failure whatever the exit code."""
    done = subprocess.run(
        [sys.executable, "cli.py", *map(str, words)],
        cwd=ROOT,
        env=environment(store, **more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


def at_once(store: Path, *commands: tuple[str, ...]) -> list[subprocess.CompletedProcess[str]]:
    """Run several commands side by side, since most of their time is the start of Python."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda words: run(store, *words), commands))


def rows(store: Path, *words: str | Path, **more: str) -> list[dict[str, Any]]:
    """Return the rows that a command prints as JSON: a list of flat objects."""
    done = run(store, *words, "--format", "json", **more)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert all(not isinstance(value, list | dict) for row in found for value in row.values())
    return found


def table(text: str) -> list[list[str]]:
    """Return the cells of a printed table; two blanks or more part them."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if line.strip()]


def spot(tambon: str, day: str, time: str, satellite: str = "N") -> dict[str, str]:
    lon, lat = PLACES[tambon]
    return {"longitude": lon, "latitude": lat, "acq_date": day, "acq_time": time, "satellite": satellite}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of four square tambons, six detections in them and one outside, and two days of hours at 99t."""
    root = tmp_path_factory.mktemp("cli") / "store"
    hours: dict[str, float | None] = {
        f"{dt.datetime(2026, 3, 9) + dt.timedelta(hours=hour):%Y-%m-%d %H:%M}": 10.0 if hour <= 24 else 50.0
        for hour in range(1, 49)
    }
    lon, lat = PLACES["520104"]
    content = {
        "tambons.geojson": files.as_json(files.squares()),
        "firms.csv": files.firms(
            spot("520101", "2026-03-10", "0630"),
            spot("520101", "2026-03-10", "1844"),  # 01:44 on the 11th in Thailand
            spot("520102", "2026-03-11", "0600", "N20"),
            spot("520104", "2026-03-12", "1659"),  # 23:59 on the 12th
            spot("520104", "2026-03-12", "1700"),  # midnight of the 13th
            spot("520101", "2026-03-10", "0631") | {"longitude": "99.95"},
        ),
        "gistda.csv": files.gistda(
            {
                "longitude": lon,
                "latitude": lat,
                "acq_date": "2026-03-11",
                "acq_time": "0610",
                "th_date": "",
                "th_time": "",
            }
        ),
        "hours.json": files.history(hours, "99t"),
        "live.json": files.live(33.0, "2026-03-12", "12:00", stationID="99t", long=lon, lat=lat),
    }
    sources = [Brought(name, data, 10_000_000) for name, data in content.items()]
    verdicts = importer.bring_in(Store(root), sources, lambda: NOW)
    assert [verdict.kept for verdict in verdicts] == [4, 6, 1, 48, 1]
    return root


# -- help and usage ----------------------------------------------------------------------------------------------------


def test_help_of_every_command_shows_an_example(tmp_path: Path) -> None:
    commands = ("import", "status", "counts", "air", "serve")
    for command, done in zip(
        commands, at_once(tmp_path / "store", *((name, "--help") for name in commands)), strict=True
    ):
        assert done.returncode == 0
        assert f"Example: python cli.py {command}" in " ".join(done.stdout.split())
    assert not (tmp_path / "store").exists()


PERIOD = ("--from", "2026-03-10", "--to", "2026-03-12")
#: Words of the command, and what the message must name.
WRONG_USAGE: list[tuple[tuple[str, ...], str]] = [
    (("burn",), "burn"),
    (("import",), "Missing argument"),
    (("counts",), "--from"),
    (("counts", "--from", "10/3/2026", "--to", "2026-03-12"), "YYYY-MM-DD"),
    (("air", "--from", "2026-02-30", "--to", "2026-03-12"), "2026-02-30"),
    (("counts", "--from", "2026-03-12", "--to", "2026-03-10"), "lies before"),
    (("counts", *PERIOD, "--satellites", "SNPP,GOES"), "GOES"),
    (("counts", *PERIOD, "--by", "village"), "village"),
    (("exposure", "--from", "9999-12-31", "--to", "9999-12-31"), "9999-12-31"),
    (("plan", "--by", "tambon", "--season", "99999"), "99999"),
]


def test_wrong_usage_ends_with_2_and_says_what_is_wrong(full: Path) -> None:
    found = at_once(full, *(words for words, _ in WRONG_USAGE))
    for done, (words, told) in zip(found, WRONG_USAGE, strict=True):
        assert (done.returncode, done.stdout) == (2, ""), words
        assert told in done.stderr


def test_clear_errors_end_with_1(full: Path, tmp_path: Path) -> None:
    empty, damaged = tmp_path / "empty", tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "manifest.json").write_text('{"layout": 1, "num')
    cases = [
        (run(empty, "counts", *PERIOD), "No hotspots are stored yet"),
        (run(empty, "air", *PERIOD), "No PM2.5 readings are stored yet"),
        (run(full, "counts", *PERIOD, "--place", "atlantis"), "atlantis"),
        (run(full, "counts", *PERIOD, "--place", "saraburi"), "No tambon outlines of Saraburi"),
        (run(full, "rank", "--place", "saraburi"), "No tambon outlines of Saraburi"),
        (run(damaged, "status"), "manifest.json"),
        (run(full, "status", HAZE_LANG="xx"), "HAZE_LANG"),
    ]
    for done, told in cases:
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("Error:")
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not empty.exists()


# -- import and status -------------------------------------------------------------------------------------------------


def test_import_gives_a_verdict_for_every_file(tmp_path: Path) -> None:
    folder, store = tmp_path / "in", tmp_path / "store"
    folder.mkdir()
    (folder / "a.csv").write_bytes(files.firms({}, {"acq_time": "0700"}, {"latitude": "x"}))
    (folder / "b.csv").write_bytes(b"a,b\n1,2\n")
    first = run(store, "import", folder, tmp_path / "nowhere", "--format", "csv")
    assert first.returncode == 0
    found = list(csv.DictReader(io.StringIO(first.stdout)))
    assert list(found[0]) == VERDICT
    assert [[row[name] for name in VERDICT[2:6]] for row in found] == [["3", "2", "0", "1"], ["0"] * 4, ["0"] * 4]
    assert [row["file"] for row in found] == ["in/a.csv", "in/b.csv", str(tmp_path / "nowhere")]
    assert "row 3" in found[0]["reason"]
    assert "a, b" in found[1]["reason"]
    again = rows(store, "import", folder / "a.csv")
    assert [list(row) for row in again] == [VERDICT]
    assert [again[0][name] for name in VERDICT[2:6]] == [3, 0, 2, 1]
    assert (again[0]["file"], again[0]["format"]) == ("a.csv", found[0]["format"])
    assert again[0]["format"].startswith("firms-")
    thai = run(store, "import", folder, HAZE_LANG="th")
    assert (thai.returncode, table(thai.stdout)[0]) == (0, VERDICT)
    assert "แถวที่ 3" in thai.stdout
    refused = run(store, "import", folder / "b.csv", tmp_path / "nowhere", "--format", "csv")
    assert refused.returncode == 1
    listed = [row["file"] for row in csv.DictReader(io.StringIO(refused.stdout))]
    assert listed == ["b.csv", str(tmp_path / "nowhere")]
    assert refused.stderr.startswith("Error: b.csv: No table")


def test_status_shows_every_source(full: Path, tmp_path: Path) -> None:
    found = rows(full, "status")
    assert {tuple(row) for row in found} == {("source", "newest", "age_minutes", "verdict")}
    by_source = {row["source"]: row for row in found}
    assert by_source["hotspots:SNPP"]["newest"] == "2026-03-13T00:00:00+07:00"
    assert by_source["hotspots:NOAA20"]["verdict"] == "stale"
    assert by_source["hotspots:SNPP"]["age_minutes"] > 24 * 60
    assert by_source["readings:air4thai-live-json"]["newest"] == "2026-03-12T12:00:00+07:00"
    assert by_source["tambons:lampang"]["newest"] is None
    assert "revision" in by_source[f"store:{full}"]["verdict"]
    nothing = rows(tmp_path / "empty", "status")
    assert {row["source"]: row["verdict"] for row in nothing}["hotspots"] == "empty"


# -- counts ------------------------------------------------------------------------------------------------------------


def test_counts_in_every_form(full: Path) -> None:
    names = ["code", "name_th", "name_en", "count"]
    printed = run(full, "counts", *PERIOD, "--by", "tambon", "--format", "csv")
    found = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert list(found[0]) == [*names, "count_shared"]
    # Both ends are included, a tambon without any stands with its zero, the one outside is nowhere.
    assert {row["code"]: int(row["count"]) for row in found} == dict(zip(TAMBONS, (2, 1, 0, 2), strict=True))
    assert all(re.search("[\u0e00-\u0e7f]", row["name_th"]) and row["name_en"].isascii() for row in found)
    assert sum(float(row["count_shared"]) for row in found) == 5
    amphoes = rows(full, "counts", *PERIOD, "--by", "amphoe")
    assert [list(row) for row in amphoes] == [[*names, "count_shared"]]
    assert (amphoes[0]["code"], amphoes[0]["count"], amphoes[0]["name_en"]) == ("5201", 5, "Mueang Lampang")
    province = table(run(full, "counts", *PERIOD, "--by", "province").stdout)
    assert province == [[*names, "count_shared"], ["52", "ลำปาง", "Lampang", "5", "5"]]
    land = rows(full, "counts", *PERIOD, "--by", "land")
    assert [list(row) for row in land] == [names] * 7
    assert {row["code"]: row["count"] for row in land if row["count"]} == {"reserved_forest": 1, "unknown": 4}


def test_counts_tell_permanent_heat_beside_and_as_a_last_column_when_asked(full: Path, tmp_path: Path) -> None:
    root = tmp_path / "store"
    shutil.copytree(full, root)
    lon, lat = PLACES["520104"]
    verdict = {"verdict": "permanent", "evidence": "visited", "geometry": f"POINT ({lon} {lat})", "radius_m": 800}
    registry = open_registry(settings.load(store=root))
    registry.add("heat", verdict, author=OPERATOR)
    registry.close()
    plain, asked = at_once(root, ("counts", *PERIOD), ("counts", *PERIOD, "--heat", "--format", "json"))
    for done in (plain, asked):
        assert "2 of the 5 detections lie at permanent heat" in done.stderr
        assert "without them 3" in done.stderr
    assert "count_without_heat" not in plain.stdout
    found = json.loads(asked.stdout)
    assert list(found[0]) == ["code", "name_th", "name_en", "count", "count_shared", "count_without_heat"]
    assert [(row["count"], row["count_without_heat"]) for row in found] == [(2, 2), (1, 1), (0, 0), (2, 0)]


def test_counts_follow_thai_days_passes_and_satellites(full: Path) -> None:
    wanted: list[tuple[str, tuple[str, ...], list[int]]] = [
        # The Buddhist year is understood; 18:44 UTC of the 10th counts on the 11th.
        ("2569-03-10", (), [1, 0, 0, 0]),
        ("2026-03-11", (), [1, 1, 0, 1]),
        # 16:59 UTC is the last minute of the 12th, 17:00 the first of the 13th.
        ("2026-03-12", (), [0, 0, 0, 1]),
        ("2026-03-11", ("--pass", "night"), [1, 0, 0, 0]),
        ("2026-03-11", ("--pass", "day", "--satellites", "VIIRS"), [0, 1, 0, 1]),
        ("2026-03-11", ("--satellites", "noaa-20,AQUA"), [0, 1, 0, 0]),
        ("2026-03-11", ("--satellites", "MODIS"), [0, 0, 0, 0]),
    ]
    commands = [("counts", "--from", day, "--to", day, *more, "--format", "json") for day, more, _ in wanted]
    for done, (day, more, counts) in zip(at_once(full, *commands), wanted, strict=True):
        assert [row["count"] for row in json.loads(done.stdout)] == counts, (day, more)


def test_days_that_no_file_reaches_are_told_beside_the_rows(full: Path) -> None:
    done = run(full, "counts", "--from", "2026-03-01", "--to", "2026-03-12", "--format", "json")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 4
    assert "9 of the 12 days" in done.stderr
    assert "not known" in done.stderr
    thai = run(full, "counts", "--from", "2026-03-01", "--to", "2026-03-12", HAZE_LANG="th")
    assert "9 จาก 12 วัน" in thai.stderr
    assert run(full, "counts", *PERIOD).stderr == ""


# -- air ---------------------------------------------------------------------------------------------------------------


def test_air_in_every_averaging(full: Path) -> None:
    day = ("--from", "2026-03-10", "--to", "2026-03-10")
    hours = rows(full, "air", *day, "--averaging", "PT1H")
    assert [list(row) for row in hours] == [AIR] * 24
    assert [hours[0][name] for name in AIR] == ["99t", "2026-03-10T00:00:00+07:00", 50.0, 1.0, None, None]
    assert hours[-1]["time"] == "2026-03-10T23:00:00+07:00"
    assert {row["aqi"] for row in hours} == {None}  # the index stands for 24 hours only
    running = {row["time"][11:16]: row for row in rows(full, "air", *day, "--averaging", "PT24H")}
    # At midnight the mean is that of the day before; at six, of 18 hours of 10 and 6 of 50.
    assert (running["00:00"]["pm25"], running["06:00"]["pm25"]) == (10.0, 20.0)
    assert (running["06:00"]["class"], running["06:00"]["time"]) == (2, "2026-03-10T06:00:00+07:00")
    daily = run(full, "air", "--from", "2026-03-09", "--to", "2026-03-10", "--format", "csv")
    found = list(csv.DictReader(io.StringIO(daily.stdout)))
    assert list(found[0]) == AIR
    assert [(row["code"], row["time"], float(row["pm25"])) for row in found] == [
        ("99t", "2026-03-09", 10.0),
        ("99t", "2026-03-10", 50.0),
    ]
    # The fourth band: 37.6 to 75 µg/m³ is 101 to 200; 101 + 12.4 * 99 / 37.4 = 133.8.
    assert (float(found[1]["aqi"]), float(found[1]["class"])) == (134, 4)


def test_air_of_areas_and_of_the_live_feed(full: Path) -> None:
    areas = rows(full, "air", "--from", "2026-03-10", "--to", "2026-03-10", "--by", "tambon")
    assert [row["code"] for row in areas] == TAMBONS
    assert [list(row) for row in areas] == [[*AIR, "low", "high"]] * 4
    assert [row["coverage"] for row in areas] == [0, 0, 0, 1]
    # Estimated from the one station: higher than its 50 by the mean of a log-normal, and between two bounds.
    assert [row["low"] is None for row in areas] == [False, False, False, True]
    assert all(row["low"] < 50 < row["pm25"] < row["high"] for row in areas[:3])
    assert areas[3]["pm25"] == 50.0
    amphoe = run(full, "air", "--from", "2026-03-10", "--to", "2026-03-10", "--by", "amphoe", "--format", "json")
    assert "area" in amphoe.stderr
    (mean,) = json.loads(amphoe.stdout)
    assert mean["low"] < 50 < mean["pm25"] < mean["high"]
    assert mean["coverage"] == pytest.approx(0.25, abs=0.01)
    live = rows(full, "air", "--from", "2026-03-12", "--to", "2026-03-12", "--averaging", "PT24H")
    noon = {row["time"]: row["pm25"] for row in live}
    assert noon["2026-03-12T12:00:00+07:00"] == 33.0


# -- pipes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_reader_that_goes_away_gives_no_traceback(full: Path, form: str) -> None:
    started = subprocess.Popen(
        [sys.executable, "cli.py", "counts", *PERIOD, "--format", form],
        cwd=ROOT,
        env=environment(full),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        assert started.stdout is not None
        started.stdout.close()
        assert started.stderr is not None
        assert started.stderr.read() == ""
        assert started.wait(120) in (0, 1)


def test_the_estimates_can_be_tested_and_people_added_up(full: Path) -> None:
    few = run(full, "air-check", "--format", "csv")
    assert (few.returncode, few.stdout.strip()) == (0, "")
    period = ("--from", "2026-03-10", "--to", "2026-03-10")
    told = run(full, "exposure", *period, "--by", "tambon", "--format", "json")
    assert [row["code"] for row in json.loads(told.stdout)] == TAMBONS
    assert {row["person_days"] for row in json.loads(told.stdout)} == {None}
    assert "population" in told.stderr


# -- grids and rasters -----------------------------------------------------------------------------------------------


def test_grids_and_the_cube_by_area(tmp_path: Path) -> None:
    store = tmp_path / "store"
    field = grid_files.grid([[[10, 20], [30, float("nan")]]], (99.05, 99.15), (18.05, 18.15), "2026-03-10T03:00")
    with Store(store).locked():
        writer = Writer(Store(store), Store(store).state())
        writer.add_tambons(make.tambons(2, 2))
        writer.add_grid(field)
        writer.commit()
    period = ("--from", "2026-03-10", "--to", "2026-03-10")
    by = rows(store, "grid", *period, "--by", "province")
    assert [(row["code"], row["value"], row["coverage"], row["source"]) for row in by] == [("52", 20.0, 0.75, "cams")]
    people, ground, wrong, bad = at_once(
        store,
        ("grid", *period, "--weights", "people"),
        ("ground", "--variable", "land_cover"),
        ("grid", *period, "--variable", "smoke"),
        ("cube", *period, "--out", str(tmp_path / "cube.xlsx")),
    )
    assert (people.returncode, ground.returncode, wrong.returncode, bad.returncode) == (1, 1, 2, 2)
    assert "GeoTIFF" in people.stderr
    made, refused = at_once(
        store,
        ("cube", *period, "--out", str(tmp_path / "cube.csv")),
        ("cube", *period, "--out", str(tmp_path / "nowhere" / "cube.nc")),
    )
    assert made.returncode == 0
    assert (tmp_path / "cube.csv").read_text("utf-8").splitlines()[0].startswith("day,tambon,")
    assert refused.returncode == 1
    assert "nowhere" in refused.stderr
