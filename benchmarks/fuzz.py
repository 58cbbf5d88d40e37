"""Files of every known form, damaged at random, through the parsers: each ends in rows or in an error of the desk.

`python -m benchmarks.fuzz [--inputs N] [--seed N]` mutates by bytes, lines, cells and JSON values; with `--atheris` the
mutations are led by what they reach (needs the package atheris, which has no wheel for every Python). Ends with 1 when
anything but an error of the desk came out. Never writes into a store.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import importlib
import io
import json
import logging
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data import settings
from data.errors import HazeError
from fetchers import apart, recognise, unpack
from fetchers.brought import Brought, Read

NOW = dt.datetime(2026, 12, 1, 6, tzinfo=dt.UTC)
LIMIT_BYTES = 4_000_000
#: What is not read within so many seconds is stopped.
MOST_S = 20
#: Where atheris leaves an input that crashed: no part of the project.
CRASHES = Path(__file__).resolve().parent / "out" / "crashes"
#: Numbers, dates and texts that parsers stumble over.
AWKWARD = (
    "", " ", "-", "NaN", "nan", "inf", "-inf", "1e999", "-1e308", "9" * 40, "0x10", "١٢", "๒๕๖๙", "2569-03-10",
    "0000-00-00", "2026-02-30", "24:00", "99:99", "-999", "null", "None", "true", "\x00", "\ufeff", "=1+1", "<script>",
    "'", '"', "é" * 300, "1970-01-01T00:00:00+99:99", "9999-12-31", "10000-01-01", "2026-03-10T25:61", "1,5",
    "1.797e309",
    "{}", "[]",
)  # fmt: skip
AWKWARD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**400, 1e308, float("nan"), "", "x", [], {}, [[]], {"a": None}, [None] * 3, "2026-02-30", -999,
)  # fmt: skip


def seeds() -> dict[str, bytes]:
    """Return one small file of each form that the desk reads, by name."""
    import geopandas as gpd
    import shapely

    from tests import files, grid_files, make
    from tests.fetchers.test_grib import message
    from tests.fetchers.test_open_meteo_json import place
    from tests.fetchers.test_pcd import workbook

    found = {
        "firms.csv": files.firms({}, {"latitude": "18.4"}, {"acq_time": "1840"}),
        "gistda.csv": files.gistda({}, {"th_time": "1338"}),
        "live.json": files.live(40.0),
        "history.json": files.history({"2026-03-10 01:00:00": 30.0, "2026-03-10 02:00:00": None}),
        "weather.json": json.dumps(place()).encode(),
        "air.csv": b"date,station_id,pm25_24h\n2026-03-10,37t,40\n2026-03-11,37t,41.5\n",
        "population.csv": b"tambon_code,population\n520101,1200\n520102,900\n",
        "sites.csv": "name_th,type,issue,tambon_th,amphoe_th\nแนวกันไฟ,firebreak,haze,พิชัย,เมืองลำปาง\n".encode(),
        "squares.geojson": files.as_json(files.squares()),
        "pcd.xlsx": workbook(["Date", "37T"], ["2026-03-10", 40.0], ["2026-03-11", "N/A"]),
        "grid.nc": grid_files.netcdf([[[1e-8, 2e-8, 3e-8], [4e-8, 5e-8, 6e-8]]] * 2, time=[1_106_112, 1_106_113]),
        "wind.grib": message([[301.0, 302.0, 303.0], [304.0, 305.0, 306.0]]),
    }
    for name, row in (("firms.geojson", files.FIRMS), ("gistda.geojson", files.GISTDA)):
        shape = shapely.Point(float(row["longitude"]), float(row["latitude"]))
        found[name] = files.as_json({"type": "FeatureCollection", "features": [files.feature(row, shape)] * 2})
    out = io.BytesIO()
    gpd.GeoDataFrame(make.tambons(2, 2)).to_parquet(out)
    found["squares.parquet"] = out.getvalue()
    found["both.zip"] = files.zipped({"a.csv": found["firms.csv"], "b.json": found["live.json"]})
    found["firms.csv.gz"] = files.gzipped(found["firms.csv"])
    return found


# -- mutations -----------------------------------------------------------------------------------------------------


def _bytes(data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 8, 40))):
        at = draw.randrange(len(changed) + 1)
        what = draw.randrange(5)
        if what == 0 and at < len(changed):
            changed[at] ^= 1 << draw.randrange(8)
        elif what == 1:
            del changed[at : at + draw.choice((1, 4, 100, 10_000))]
        elif what == 2:
            changed[at:at] = draw.randbytes(draw.choice((1, 4, 60)))
        elif what == 3:
            piece = changed[at : at + draw.choice((4, 60, 500))]
            where = draw.randrange(len(changed) + 1)
            changed[where:where] = piece
        elif at < len(changed):
            changed[at] = draw.choice((0, 0xFF, 0x7F, 0x80, ord("0"), ord('"'), ord(",")))
    return bytes(changed)


def _cells(data: bytes, draw: random.Random) -> bytes:
    lines = data.split(b"\n")
    for _ in range(draw.choice((1, 1, 3))):
        at = draw.randrange(len(lines))
        cells = lines[at].split(b",")
        what = draw.randrange(5)
        if what == 0:
            cells[draw.randrange(len(cells))] = draw.choice(AWKWARD).encode("utf-8", "surrogatepass")
        elif what == 1:
            cells.append(draw.choice(AWKWARD).encode())
        elif what == 2:
            del cells[draw.randrange(len(cells))]
        elif what == 3:
            draw.shuffle(cells)
        else:
            lines.insert(at, lines[draw.randrange(len(lines))])
        lines[at] = b",".join(cells)
    return b"\n".join(lines)


def _values(data: bytes, draw: random.Random) -> bytes:
    document = json.loads(data)
    for _ in range(draw.choice((1, 1, 3))):
        spots: list[tuple[Any, Any]] = []

        def walk(node: Any, spots: list[tuple[Any, Any]] = spots) -> None:
            pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
            for key, value in list(pairs):
                spots.append((node, key))
                walk(value)

        walk(document)
        if not spots:
            break
        node, key = draw.choice(spots)
        if isinstance(node, dict) and draw.randrange(3) == 0:
            node[draw.choice(("", "x", "PM25", "type"))] = node.pop(key)
        else:
            node[key] = draw.choice((*AWKWARD_VALUES, *AWKWARD))
    return json.dumps(document).encode("utf-8", "surrogatepass")


def mutations(name: str) -> list[Callable[[bytes, random.Random], bytes]]:
    """Return the ways in which a file of this name is damaged."""
    if name.endswith(".csv"):
        return [_bytes, _cells, _cells]
    return [_bytes, _values, _values] if name.endswith("json") else [_bytes]


# -- what must hold ------------------------------------------------------------------------------------------------


def read(name: str, data: bytes) -> str:
    """Read a file as an import does and return what came of it: "rows" or the key of the desk's error.

    Raises
    ------
    AssertionError
        When the counts of a file do not add up.
    Exception
        Whatever a parser raised that is no error of the desk.
    """
    try:
        for member in unpack.members_of_bytes(name, data, LIMIT_BYTES):
            if isinstance(member, tuple):
                return member[1].key
            parsed = recognise.parse(member, NOW)
            rows = len(parsed.table) if not parsed.records else sum(len(one) for one in parsed.records.values())
            doubles = sum(remark.count for remark in parsed.mended if remark.key == "double_records")
            assert parsed.kind in ("stations", "grid", "raster", "readings") or (
                parsed.read == rows + parsed.rejected_count + doubles
            ), f"{parsed.read} read, {rows} kept, {parsed.rejected_count} rejected, {doubles} doubles"
    except HazeError as error:
        return error.key or "no key"
    return "rows"


def run(inputs: int, seed: int, only: str = "") -> tuple[collections.Counter[str], dict[str, str]]:
    """Read so many damaged files; return how they ended, and the first input and trace of each different crash.

    Each is read in a process apart first, as the desk does: a library may never come back from one.
    """
    with apart.Reader(settings.load(max_parse_s=MOST_S)) as reader:
        return _run(inputs, seed, only, reader)


def _run(inputs: int, seed: int, only: str, reader: Read) -> tuple[collections.Counter[str], dict[str, str]]:
    draw = random.Random(seed)
    known = [(name, data) for name, data in seeds().items() if only in name]
    ends: collections.Counter[str] = collections.Counter()
    crashes: dict[str, str] = {}
    for number in range(inputs):
        name, data = known[number % len(known)]
        for _ in range(draw.choice((1, 1, 2))):
            try:
                data = draw.choice(mutations(name))(data, draw)
            except (ValueError, RecursionError):
                data = _bytes(data, draw)
        found = [one for _, one in reader(Brought(name, data, LIMIT_BYTES), NOW)]
        if isinstance(found[-1], HazeError) and found[-1].key in ("too_slow", "too_heavy"):
            ends[f"{name}: {found[-1].key}, stopped"] += 1
            continue
        try:
            ends[f"{name}: {read(name, data)}"] += 1
        except Exception as error:  # noqa: BLE001 - what is looked for
            frames = traceback.extract_tb(error.__traceback__)
            ours = [f for f in frames if "/fetchers/" in f.filename or "/data/" in f.filename]
            last = ours[-1] if ours else frames[-1]
            mark = f"{name}: {type(error).__name__} at {last.filename.rsplit('/', 1)[-1]}:{last.lineno}"
            ends[f"{name}: CRASH"] += 1
            crashes.setdefault(mark, f"{data[:600]!r}\n{''.join(traceback.format_exception(error))[-1500:]}")
    return ends, crashes


def _atheris(seconds: int, only: str) -> None:
    """Let atheris lead the mutations; it ends the process with the input that crashed."""
    import atheris

    known = [(name, data) for name, data in seeds().items() if only in name]
    # The desk's own parsers alone: to follow what they stand on takes minutes before the first input.
    for name in [name for name in sys.modules if name.partition(".")[0] == "fetchers"]:
        del sys.modules[name]
    with atheris.instrument_imports(include=["fetchers"]):
        globals().update(recognise=importlib.import_module("fetchers.recognise"))
        globals().update(unpack=importlib.import_module("fetchers.unpack"))

    def one(data: bytes) -> None:
        read("input", data)

    corpus = Path(tempfile.mkdtemp(prefix="haze-corpus-"))
    for name, data in known:
        (corpus / name).write_bytes(data)
    CRASHES.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", "-max_len=20000", "-print_final_stats=1", f"-artifact_prefix={CRASHES}/"]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], one)
    atheris.Fuzz()


def main() -> None:
    """Fuzz the parsers."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    asked.add_argument("--inputs", type=int, default=20_000)
    asked.add_argument("--seed", type=int, default=52)
    asked.add_argument("--only", default="", help="only seeds whose name holds this")
    asked.add_argument("--atheris", type=int, default=0, metavar="SECONDS")
    given = asked.parse_args(sys.argv[1:] if sys.argv[0].endswith("fuzz.py") else [])
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    if given.atheris:
        _atheris(given.atheris, given.only)
        return
    start = time.monotonic()
    ends, crashes = run(given.inputs, given.seed, given.only)
    by: collections.Counter[str] = collections.Counter()
    for end, count in ends.items():
        by[end.partition(": ")[2]] += count
    for end, count in by.most_common():
        print(f"{count:8}  {end}")
    for mark, told in crashes.items():
        print(f"\nCRASH {mark}\n{told}")
    print(
        f"{sum(ends.values())} inputs of {len(seeds())} forms, {by['CRASH']} crashes, {time.monotonic() - start:.0f} s"
    )
    sys.exit(int(bool(crashes)))


if __name__ == "__main__":
    main()
