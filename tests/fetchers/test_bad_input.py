"""Every kind of bad file brought into a store that holds good data: a clear verdict, nothing harmed, no row lost.

Files are made here, small, as they are met in practice: cut downloads, error pages, spreadsheets, other people's
tables, and a few that mean harm.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from data.store import Store
from fetchers import importer
from fetchers.brought import Brought
from fetchers.importer import Verdict
from layers import words
from tests import files, make

NOW = dt.datetime(2026, 12, 1, 6, tzinfo=dt.UTC)
LIMIT = 20_000_000
#: A verdict that helps holds one of these: what to do, or that nothing is to be done.
_ADVICE = {
    "en": re.compile(
        r"\b(add|ask|bring|check|choose|compare|copy|download|export|import|keep|merge|open|pack|raise|repair|remove|"
        r"save|see|split|swap|take|try|unpack|wait|write|zip|needs no import|from the live source)\b",
        re.IGNORECASE,
    ),
    "th": re.compile("กรุณา|โปรด|ลอง|ดู docs|ไม่ต้องนำเข้า|แหล่งข้อมูลสด"),
}


def clock() -> dt.datetime:
    return NOW


@pytest.fixture(scope="session")
def _good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("good") / "store"
    good = {
        "a.csv": files.firms({}, {"acq_time": "0631"}),
        "b.json": files.live(),
        "c.geojson": files.as_json(files.squares()),
    }
    sources = [Brought(name, content, LIMIT) for name, content in good.items()]
    verdicts = importer.bring_in(Store(root, clock), sources, clock)
    assert [verdict.kept for verdict in verdicts] == [2, 1, 4]
    return root


@pytest.fixture
def store(_good: Path, tmp_path: Path) -> Store:
    shutil.copytree(_good, tmp_path / "store")
    return Store(tmp_path / "store", clock)


@pytest.fixture(autouse=True)
def _no_gap_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A placeholder that nobody fills is an error here, not a question mark."""

    def refuse(_: object, key: str) -> str:
        raise AssertionError(f"nobody fills the placeholder {key}")

    monkeypatch.setattr(words._Gaps, "__missing__", refuse)


def bring(store: Store, *paths: Path) -> list[Verdict]:
    return importer.bring_in(store, importer.sources_of(paths, LIMIT), clock)


def in_folder(store: Store) -> set[str]:
    return {str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.name != "lock"}


def worded(verdict: Verdict) -> dict[str, str]:
    """Return the words for a verdict in each language; asserts that they are its own, not a stand-in."""
    keys = [f"remark.{remark.key}" for remark in verdict.remarks]
    if verdict.refused is not None:
        keys.append(f"error.{verdict.refused.key}")
    said = {}
    for lang in words.LANGS:
        assert [key for key in keys if key not in words.texts(lang)] == []
        said[lang] = words.say_verdict(lang, verdict)
    assert re.search("[\u0e00-\u0e7f]", said["th"])
    return said


def balanced(verdict: Verdict) -> bool:
    return verdict.read == verdict.kept + verdict.duplicates + verdict.rejected


# -- whole files that are bad ------------------------------------------------------------------------------------------


def rows_with(**change: str) -> bytes:
    return files.firms(*({**change, "acq_time": f"06{minute:02d}"} for minute in range(5)))


def both_orders() -> bytes:
    return files.firms({"acq_date": "3/14/2026"}, {"acq_date": "14/3/2026"})


def header(text: bytes) -> bytes:
    return text.splitlines(keepends=True)[0]


def cut(content: bytes, part: float) -> bytes:
    return content[: int(len(content) * part)]


def many_rows() -> bytes:
    spots = np.random.default_rng(5).uniform(17, 19, 3000)
    return files.firms(*({"latitude": f"{spot:.5f}", "frp": f"{spot:.2f}"} for spot in spots))


def page(title: str) -> bytes:
    return f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>Please log in, ok?</body></html>".encode()


def zip_bomb() -> bytes:
    return files.zipped({"fires.csv": b"latitude,longitude\n" + b"0,0\n" * 5_000_000})


def flagged_zip() -> bytes:
    """Return a zip whose member says that it is encrypted, in both places where a zip says so."""
    packed = bytearray(files.zipped({"fires.csv": files.firms()}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + offset] |= 1
    return bytes(packed)


def tar_out_of_itself() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo("../../fires.csv")
        entry.size = len(files.firms())
        archive.addfile(entry, io.BytesIO(files.firms()))
    return out.getvalue()


def deep(levels: int = 100_000) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


def tambons_with(*shapes: shapely.Geometry, codes: tuple[str, ...] = (), **members: Any) -> bytes:
    named = codes or tuple(f"TH5201{number:02d}" for number in range(1, len(shapes) + 1))
    found = [files.feature({"ADM3_PCODE": code}, shape) for code, shape in zip(named, shapes, strict=True)]
    return files.as_json({"type": "FeatureCollection", **members, "features": found})


def bow_tie() -> shapely.Polygon:
    return shapely.Polygon([(99.0, 18.0), (99.1, 18.1), (99.1, 18.0), (99.0, 18.1)])


def metres() -> shapely.Polygon:
    return shapely.box(550_000, 2_020_000, 560_000, 2_030_000)


def exchanged() -> shapely.Polygon:
    return shapely.box(18.0, 99.0, 18.1, 99.1)


def amphoes() -> bytes:
    shape = make.square(0, 0)
    return files.as_json({"type": "FeatureCollection", "features": [files.feature({"ADM2_PCODE": "TH5201"}, shape)]})


def workbook(*rows: tuple[object, ...], sheet: str = "Budget") -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def counts_table() -> bytes:
    return files.table([{"date": "2026-03-10", "province": "Lampang", "hotspot_count": "78"}]).encode()


DUSTBOY = [{"id": "1", "dustboy_id": "531", "dustboy_name": "รพ.สต.", "pm25": "40", "dustboy_lat": "18.3"}]
OPENAQ = {"meta": {"name": "openaq-api", "page": 1, "found": 1}, "results": [{"value": 40.0}]}
OPEN_METEO = {"latitude": 18.3, "longitude": 99.5, "utc_offset_seconds": 25200, "hourly": {"pm2_5": [40.0]}}
PUBLISHED = "row_id,measure,qualifier,date_basis\n1,hotspots,exact,stated\n"
CONFLICT = b"<<<<<<< HEAD\n=======\n>>>>>>> theirs\n"

#: What is wrong, the file's name, its content, and the key of the refusal.
REFUSED: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("empty", "fires.csv", lambda: b"", "empty_file"),
    ("blank lines only", "fires.csv", lambda: b"\n \r\n\n", "empty_file"),
    ("a byte order mark only", "fires.csv", lambda: b"\xef\xbb\xbf", "empty_file"),
    ("FIRMS header only", "fires.csv", lambda: header(files.firms()), "header_only"),
    ("FIRMS header without a line end", "fires.csv", lambda: header(files.firms()).rstrip(), "header_only"),
    ("GISTDA header only", "fires.csv", lambda: header(files.gistda()), "header_only"),
    ("wrong columns", "fires.csv", lambda: b"name,price\nrice,20\n", "unknown_table"),
    ("columns of detections, no time", "fires.csv", lambda: b"latitude,longitude,frp\n18.3,99.5,3\n", "no_dates"),
    ("no satellite", "f.csv", lambda: files.firms().replace(b"satellite", b"other"), "no_satellite"),
    ("position without a proof", "f.csv", lambda: b"lat,lon,name\n18.3,99.5,shop\n", "wrong_columns"),
    ("gzip cut at 1 %", "f.csv.gz", lambda: cut(files.gzipped(many_rows()), 0.01), "damaged_archive"),
    ("gzip cut at the middle", "f.csv.gz", lambda: cut(files.gzipped(many_rows()), 0.5), "damaged_archive"),
    ("gzip without its last byte", "f.csv.gz", lambda: files.gzipped(many_rows())[:-1], "damaged_archive"),
    ("gzip of which only the head is there", "f.csv.gz", lambda: files.gzipped(many_rows())[:10], "damaged_archive"),
    ("gzip of nothing", "f.csv.gz", lambda: files.gzipped(b""), "empty_file"),
    ("zip cut at the middle", "f.zip", lambda: cut(files.zipped({"f.csv": many_rows()}), 0.5), "damaged_archive"),
    ("an error page", "error.html", lambda: page("503 Service Unavailable"), "html_page"),
    ("an error page saved as CSV", "fires.csv", lambda: page("Earthdata Login"), "html_page"),
    ("a page with a 200 and a table in it", "f.csv", lambda: b"\n  <html>200 OK\nlatitude,longitude\n", "html_page"),
    ("a page that begins with a comment", "f.csv", lambda: b"<!-- 200 -->\n<html>ok</html>", "html_page"),
    ("FIRMS: invalid key", "fires.csv", lambda: b"Invalid MAP_KEY.", "firms_invalid_key"),
    ("FIRMS: invalid API key", "fires.csv", lambda: b"Invalid API key\n", "firms_invalid_key"),
    ("FIRMS: limit", "fires.csv", lambda: b"Exceeding allowed transaction limit.", "firms_limit"),
    ("FIRMS: something else", "fires.csv", lambda: b"Invalid day range. Expects [1..10].", "firms_message"),
    ("zip bomb", "fires.zip", zip_bomb, "zip_bomb"),
    ("gzip bomb", "fires.csv.gz", lambda: files.gzipped(b"0" * 15_000_000), "zip_bomb"),
    ("gzip bomb in a zip", "f.zip", lambda: files.zipped({"a": files.gzipped(b"0" * 15_000_000)}, 0), "zip_bomb"),
    ("zip: path upwards", "f.zip", lambda: files.zipped({"../../etc/fires.csv": files.firms()}), "unsafe_path"),
    ("zip: backslash path upwards", "f.zip", lambda: files.zipped({"..\\fires.csv": files.firms()}), "unsafe_path"),
    ("zip: absolute path", "f.zip", lambda: files.zipped({"/etc/fires.csv": files.firms()}), "unsafe_path"),
    ("zip: drive letter", "f.zip", lambda: files.zipped({"C:/fires.csv": files.firms()}), "unsafe_path"),
    ("tar: path upwards", "f.tgz", tar_out_of_itself, "unsafe_path"),
    ("zip: password", "f.zip", flagged_zip, "encrypted"),
    ("zip in zip", "f.zip", lambda: files.zipped({"a.zip": files.zipped({"f.csv": files.firms()})}), "nested_archive"),
    ("zip without a file", "f.zip", lambda: files.zipped({}), "empty_file"),
    ("zip: empty member", "f.zip", lambda: files.zipped({"f.csv": b""}), "empty_file"),
    ("GISTDA short export", "f.csv", lambda: b'lat_long,hotspotid\n"18.3,99.5",VI1\n', "no_dates"),
    ("dates of either order", "f.csv", lambda: rows_with(acq_date="3/4/2026"), "ambiguous_dates"),
    ("dates of both orders", "f.csv", both_orders, "ambiguous_dates"),
    ("binary junk", "f.csv", lambda: np.random.default_rng(1).bytes(5000), "unknown_format"),
    ("binary junk without a zero", "f.csv", lambda: bytes(range(129, 160)) * 50, "unknown_format"),
    ("control characters", "f.csv", lambda: bytes(range(1, 9)) * 50, "unknown_format"),
    ("JSON cut in half", "f.json", lambda: cut(files.live(), 0.5), "bad_json"),
    ("GeoJSON cut in half", "f.geojson", lambda: cut(files.as_json(files.squares()), 0.5), "bad_json"),
    ("deeply nested JSON", "f.json", deep, "bad_json"),
    ("JSON in Latin-1", "f.json", lambda: b'{"stations": "caf\xe9"}', "bad_json"),
    (
        "GeoJSON without features",
        "f.geojson",
        lambda: files.as_json({**files.squares(), "features": []}),
        "header_only",
    ),
    ("unknown JSON", "f.json", lambda: b'{"hello": [1, 2, 3]}', "unknown_json"),
    ("a JSON list of numbers", "f.json", lambda: b"[1, 2, 3]", "unknown_json"),
    ("Air4Thai: error reply", "f.json", lambda: b'{"result": "Error", "error": "no data"}', "provider_error"),
    ("Air4Thai: no station", "f.json", lambda: b'{"result": "OK", "stations": []}', "header_only"),
    ("DustBoy", "f.json", lambda: files.as_json(DUSTBOY), "known_but_unread"),
    ("OpenAQ", "f.json", lambda: files.as_json(OPENAQ), "known_but_unread"),
    ("Open-Meteo without times", "f.json", lambda: files.as_json(OPEN_METEO), "reply_unread"),
    ("bow-tie", "t.geojson", lambda: tambons_with(bow_tie()), "boundary_rings"),
    ("UTM without a CRS", "t.geojson", lambda: tambons_with(metres()), "boundary_crs"),
    ("latitude first", "t.geojson", lambda: tambons_with(exchanged()), "boundary_swapped"),
    (
        "double codes",
        "t.geojson",
        lambda: tambons_with(make.square(0, 0), make.square(1, 0), codes=("TH520101", "520101")),
        "boundary_double",
    ),
    ("amphoes only", "t.geojson", amphoes, "boundary_level"),
    (
        "areas without codes",
        "t.geojson",
        lambda: tambons_with(make.square(0, 0)).replace(b"ADM3", b"X"),
        "boundary_columns",
    ),
    (
        "a CRS that does not exist",
        "t.geojson",
        lambda: tambons_with(make.square(0, 0), crs={"type": "name"}),
        "boundary_crs",
    ),
    ("GeoTIFF", "t.tif", lambda: b"II*\x00" + bytes(500), "grid_damaged"),
    ("big-endian GeoTIFF", "t.tif", lambda: b"MM\x00*" + bytes(500), "grid_damaged"),
    ("GRIB", "t.grib", lambda: b"GRIB" + bytes(500), "grid_damaged"),
    ("NetCDF 3", "t.nc", lambda: b"CDF\x01" + bytes(500), "grid_damaged"),
    ("NetCDF 4", "t.nc", lambda: b"\x89HDF\r\n\x1a\n" + bytes(500), "grid_damaged"),
    ("GeoParquet magic only", "t.parquet", lambda: b"PAR1" + bytes(500), "boundary_unreadable"),
    ("GeoPackage magic only", "t.gpkg", lambda: b"SQLite format 3\x00" + bytes(500), "boundary_unreadable"),
    ("another workbook", "f.xlsx", lambda: workbook(("item", "baht"), ("fuel", 300)), "unknown_workbook"),
    ("an empty workbook", "f.xlsx", lambda: workbook(), "unknown_workbook"),
    ("a workbook of ozone", "f.xlsx", lambda: workbook(("Date", "37T"), ("2026-01-01", 3), sheet="O3"), "no_particles"),
    ("a damaged workbook", "f.xlsx", lambda: files.zipped({"[Content_Types].xml": b"<Types/>"}), "unreadable_workbook"),
    ("a table that the desk brings along", "f.csv", lambda: PUBLISHED.encode(), "own_table"),
    ("a table of counts", "f.csv", counts_table, "not_detections"),
    ("conflict markers only", "f.csv", lambda: CONFLICT, "empty_file"),
    ("a shapefile part alone", "t.shp", lambda: b"\x00\x00\x27\x0a" + bytes(500), "unknown_format"),
    (
        "a zipped shapefile without its dbf",
        "t.zip",
        lambda: files.zipped({"t.shp": b"\x00\x00\x27\x0a"}),
        "damaged_shapefile",
    ),
]


@pytest.mark.parametrize(("name", "content", "key"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_bad_file_is_refused_with_a_reason_and_harms_nothing(
    store: Store, tmp_path: Path, name: str, content: Callable[[], bytes], key: str
) -> None:
    before, lying = store.state(), in_folder(store)
    path = tmp_path / name
    path.write_bytes(content())
    (verdict,) = bring(store, path)
    assert verdict.refused is not None
    assert verdict.refused.key == key
    assert (verdict.read, verdict.kept, verdict.duplicates, verdict.rejected) == (0, 0, 0, 0)
    for lang, text in worded(verdict).items():
        assert _ADVICE[lang].search(text), text
    assert store.state() == before
    assert in_folder(store) == lying


#: Files that are tables of detections of which not one row can be taken in, and the reason for every row.
NO_GOOD_ROW: list[tuple[str, bytes, str]] = [
    ("outside the Earth", rows_with(latitude="99.9", longitude="199.5"), "bad_coordinate"),
    ("at 0, 0", rows_with(latitude="0", longitude="0"), "bad_coordinate"),
    ("no position", rows_with(latitude=""), "bad_coordinate"),
    ("infinite position", rows_with(latitude="inf"), "bad_coordinate"),
    ("swapped", rows_with(latitude="99.50177", longitude="18.29743"), "swapped_coordinates"),
    ("in the future", rows_with(acq_date="2026-12-02"), "future_date"),
    ("in a far future", rows_with(acq_date="2099-01-01"), "future_date"),
    ("before the satellites", rows_with(acq_date="1999-12-31"), "bad_date"),
    ("no day", rows_with(acq_date=""), "bad_date"),
    ("a day that no month has", rows_with(acq_date="2026-02-30"), "bad_date"),
    ("another satellite", rows_with(satellite="Himawari-9"), "unknown_satellite"),
    ("no cell but one", header(files.firms()) + b"18.3\n" * 5, "cell_count"),
]


@pytest.mark.parametrize(("content", "key"), [case[1:] for case in NO_GOOD_ROW], ids=[case[0] for case in NO_GOOD_ROW])
def test_rows_that_are_all_bad_are_counted_under_their_reason(
    store: Store, tmp_path: Path, content: bytes, key: str
) -> None:
    before, lying = store.state(), in_folder(store)
    path = tmp_path / "fires.csv"
    path.write_bytes(content)
    (verdict,) = bring(store, path)
    assert (verdict.read, verdict.kept, verdict.rejected) == (5, 0, 5)
    assert balanced(verdict)
    assert [(remark.key, remark.count, remark.rows) for remark in verdict.remarks] == [(key, 5, (1, 2, 3, 4, 5))]
    worded(verdict)
    assert store.state() == before
    assert in_folder(store) == lying


def test_two_gigabytes_of_text_are_refused_without_reading_them(store: Store, tmp_path: Path) -> None:
    before = store.state()
    path = tmp_path / "fires.csv"
    path.write_bytes(files.firms())
    os.truncate(path, 2_000_000_000)
    (verdict,) = importer.bring_in(store, importer.sources_of([path], 1_000_000_000), clock)
    assert verdict.refused is not None
    assert verdict.refused.key == "too_large"
    assert all("1000 MB" in text for text in worded(verdict).values())
    assert store.state() == before


def test_an_archive_of_too_many_bytes_is_refused_before_it_is_unpacked(store: Store, tmp_path: Path) -> None:
    noise = np.random.default_rng(2).bytes(1_000_000)
    (tmp_path / "f.zip").write_bytes(files.zipped({f"{number}.csv": noise for number in range(5)}))
    (verdict,) = importer.bring_in(store, importer.sources_of([tmp_path / "f.zip"], 1_000_000), clock)
    assert verdict.refused is not None
    assert verdict.refused.key == "too_large"


VRT = '<OGRVRTDataSource><OGRVRTLayer name="t"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'


@pytest.mark.parametrize("name", ["t.geojson", "t.csv", "t.vrt", "t.json", "t.gpkg"])
def test_a_virtual_layer_that_names_a_local_file_never_reads_it(store: Store, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.geojson"
    secret.write_bytes(files.as_json(files.squares(4, 4)))
    # Reading it would change the time of the last reading, which is set far back here.
    os.utime(secret, (1_000_000_000, 1_000_000_000))
    path = tmp_path / name
    path.write_text(VRT.format(secret))
    before = store.state()
    (verdict,) = bring(store, path)
    assert verdict.refused is not None
    assert verdict.refused.key in ("unknown_format", "html_page", "not_text", "wrong_columns")
    assert all("5201" not in text for text in worded(verdict).values())
    assert store.state() == before
    assert secret.stat().st_atime == 1_000_000_000


def test_a_virtual_layer_in_a_zipped_shapefile_never_reads_the_file_it_names(store: Store, tmp_path: Path) -> None:
    secret = tmp_path / "secret.geojson"
    secret.write_bytes(files.as_json(files.squares(4, 4)))
    os.utime(secret, (1_000_000_000, 1_000_000_000))
    text = VRT.format(secret).encode()
    (tmp_path / "t.zip").write_bytes(files.zipped({"t.shp": text, "t.shx": text, "t.dbf": text}))
    before = store.state()
    (verdict,) = bring(store, tmp_path / "t.zip")
    assert verdict.refused is not None
    assert verdict.refused.key in ("boundary_unreadable", "damaged_shapefile")
    worded(verdict)
    assert store.state() == before
    assert secret.stat().st_atime == 1_000_000_000


def test_wrong_paths_are_told_too(store: Store, tmp_path: Path) -> None:
    before = store.state()
    (tmp_path / "empty").mkdir()
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / ".fires.csv").write_bytes(files.firms({"acq_time": "0700"}))
    verdicts = bring(store, tmp_path / "nowhere", tmp_path / "empty", tmp_path / "hidden")
    keys = [verdict.refused.key for verdict in verdicts if verdict.refused]
    assert keys == ["no_such_file", "empty_folder", "empty_folder"]
    for verdict in verdicts:
        for lang, text in worded(verdict).items():
            assert _ADVICE[lang].search(text), text
    assert store.state() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "fires.csv"
    path.write_bytes(files.firms({"acq_time": "0700"}))
    path.chmod(0)
    before = store.state()
    (verdict,) = bring(store, path)
    assert verdict.refused is not None
    assert verdict.refused.key == "unreadable"
    worded(verdict)
    assert store.state() == before


# -- good rows among bad ones ------------------------------------------------------------------------------------------


def minutes(*changes: dict[str, str]) -> list[dict[str, str]]:
    """Return one FIRMS row for each change, each of another minute where the change does not say otherwise."""
    return files.firms_rows(*({"acq_time": f"06{place:02d}", **change} for place, change in enumerate(changes)))


def mixed_csv(*changes: dict[str, str]) -> bytes:
    return files.table(minutes(*changes)).encode()


def marked() -> bytes:
    """Return a file in which a merge has failed: a header, one row on each side, one after them."""
    lines = mixed_csv({}, {}, {"latitude": "999"}, {}).decode().splitlines()
    return "\n".join([*lines[:2], "<<<<<<< HEAD", lines[2], "=======", lines[3], ">>>>>>> b", lines[4], ""]).encode()


def joined() -> bytes:
    return mixed_csv({}, {}) + mixed_csv({"acq_time": "0700"}, {"acq_time": "x"})


def renamed(**names: str) -> bytes:
    rows = [{names.get(name, name): cell for name, cell in row.items()} for row in minutes({}, {"latitude": "-"}, {})]
    return files.table(rows).encode()


def thai(content: str) -> bytes:
    return content.encode("cp874")


def gistda_text(*changes: dict[str, str]) -> str:
    return files.gistda(*changes).decode("utf-8-sig")


def broken_lines() -> bytes:
    lines = mixed_csv({}, {}, {}).decode().splitlines()
    return "\n".join([lines[0], lines[1], lines[2][:20], lines[3], lines[3] + ",extra", ""]).encode()


EVERY_FAULT = mixed_csv(
    {},
    {"latitude": "95", "longitude": "18"},
    {"latitude": "abc"},
    {"latitude": "0", "longitude": "0"},
    {"acq_date": "2026-13-01"},
    {"acq_date": ""},
    {"acq_time": "2460"},
    {"acq_date": "2027-01-01"},
    {"satellite": "GOES"},
    {},
)
A_DAY = "2026-03-10"

#: What is mixed, the file, when the kept rows were acquired (UTC), the rejected rows (reason and their numbers),
#: and the keys told besides.
MIXED: list[tuple[str, bytes, list[str], dict[str, tuple[int, ...]], set[str]]] = [
    (
        "every fault once",
        EVERY_FAULT,
        [f"{A_DAY}T06:00", f"{A_DAY}T06:09"],
        {
            "swapped_coordinates": (2,),
            "bad_coordinate": (3, 4),
            "bad_date": (5, 6),
            "bad_time": (7,),
            "future_date": (8,),
            "unknown_satellite": (9,),
        },
        set(),
    ),
    (
        "more bad rows than are named",
        mixed_csv({}, *({"latitude": "x"},) * 7),
        [f"{A_DAY}T06:00"],
        {"bad_coordinate": (2, 3, 4, 5, 6)},
        set(),
    ),
    (
        "times with and without a colon and leading zeros",
        mixed_csv(*({"acq_time": text} for text in ("5", "42", "703", "0703", "07:04", "7:05", "07:06:30", "7.5"))),
        [f"{A_DAY}T{clock}" for clock in ("00:05", "00:42", "07:03", "07:04", "07:05", "07:06:30")],
        {"bad_time": (8,)},
        set(),
    ),
    (
        "confidence as letter, word and number",
        mixed_csv(*({"confidence": text} for text in ("l", "n", "h", "low", "High", "85", "", "sure"))),
        [f"{A_DAY}T06:{minute:02d}" for minute in range(8)],
        {},
        {"confidence_unreadable", "confidence_number_for_viirs"},
    ),
    (
        "US dates that one row proves, one impossible",
        mixed_csv({"acq_date": "3/4/2026"}, {"acq_date": "3/14/26"}, {"acq_date": "2/30/2026"}),
        ["2026-03-04T06:00", "2026-03-14T06:01"],
        {"bad_date": (3,)},
        {"us_dates"},
    ),
    (
        "dates with the day first",
        mixed_csv({"acq_date": "4/3/2569"}, {"acq_date": "14/3/2569"}),
        ["2026-03-04T06:00", "2026-03-14T06:01"],
        {},
        {"day_first_dates", "buddhist_year"},
    ),
    (
        "Buddhist years",
        mixed_csv({"acq_date": "2569-03-10"}, {"acq_date": A_DAY}, {"acq_date": "2570-03-10"}),
        [f"{A_DAY}T06:00", f"{A_DAY}T06:01"],
        {"future_date": (3,)},
        {"buddhist_year"},
    ),
    (
        "renamed columns",
        renamed(latitude="Lat", longitude="LNG", acq_date="Date", acq_time="Time", confidence="conf"),
        [f"{A_DAY}T06:00", f"{A_DAY}T06:02"],
        {"bad_coordinate": (2,)},
        {"renamed_columns"},
    ),
    (
        "conflict markers inside",
        marked(),
        [f"{A_DAY}T06:00", f"{A_DAY}T06:01", f"{A_DAY}T06:03"],
        {"bad_coordinate": (3,)},
        {"conflict_markers"},
    ),
    (
        "two files joined",
        joined(),
        [f"{A_DAY}T06:00", f"{A_DAY}T06:01", f"{A_DAY}T07:00"],
        {"bad_time": (4,)},
        {"repeated_header"},
    ),
    (
        "a byte order mark",
        b"\xef\xbb\xbf" + mixed_csv({}, {"longitude": "181"}),
        [f"{A_DAY}T06:00"],
        {"bad_coordinate": (2,)},
        set(),
    ),
    (
        "semicolons and decimal commas",
        files.table(minutes({"latitude": "18,29743"}, {"latitude": "x"}), ";").encode(),
        [f"{A_DAY}T06:00"],
        {"bad_coordinate": (2,)},
        {"decimal_comma"},
    ),
    (
        "tabs and Windows line ends",
        files.table(minutes({}, {"acq_date": "?"}), "\t", "\r\n").encode(),
        [f"{A_DAY}T06:00"],
        {"bad_date": (2,)},
        set(),
    ),
    (
        "UTF-16",
        files.table(minutes({}, {"acq_date": "?"})).encode("utf-16"),
        [f"{A_DAY}T06:00"],
        {"bad_date": (2,)},
        set(),
    ),
    (
        "lines that are too short and too long",
        broken_lines(),
        [f"{A_DAY}T06:00", f"{A_DAY}T06:02"],
        {"cell_count": (2, 4)},
        set(),
    ),
    (
        "Thai Windows text",
        thai(gistda_text({}, {"acq_time": "99", "th_time": "99"})),
        ["2026-03-09T18:38"],
        {"bad_time": (2,)},
        {"thai_windows_text", "gistda_satellite_read"},
    ),
]


@pytest.mark.parametrize(
    ("content", "times", "rejected", "told"), [case[1:] for case in MIXED], ids=[case[0] for case in MIXED]
)
def test_good_rows_are_kept_exactly_and_bad_ones_counted(
    tmp_path: Path, content: bytes, times: list[str], rejected: dict[str, tuple[int, ...]], told: set[str]
) -> None:
    path = tmp_path / "fires.csv"
    path.write_bytes(content)
    own = Store(tmp_path / "own", clock)
    (verdict,) = bring(own, path)
    worded(verdict)
    assert balanced(verdict)
    assert verdict.refused is None, verdict.refused
    by_key = {remark.key: remark for remark in verdict.remarks}
    assert {key: by_key[key].rows for key in rejected} == rejected
    assert sum(by_key[key].count for key in rejected) == verdict.rejected
    assert set(by_key) - set(rejected) == told
    kept = own.hotspot_part(own.parts("hotspots")["2026"])
    assert [str(moment) for moment in kept["acquired_at"]] == [str(pd.Timestamp(text, tz="UTC")) for text in times]
    assert set(zip(kept["lon"], kept["lat"], strict=True)) == {(99.50177, 18.29743)}
    assert set(kept["satellite"]) == {"SNPP"}
    assert verdict.kept == len(kept)


def test_cells_are_read_as_they_stand(tmp_path: Path) -> None:
    """What each spelling of a cell becomes, for the rows of the table above that are kept."""
    path = tmp_path / "fires.csv"
    confidences = ("l", "n", "h", "low", "High", "29", "85", "", "sure")
    path.write_bytes(mixed_csv(*({"confidence": text, "frp": "" if text == "l" else "6.9"} for text in confidences)))
    own = Store(tmp_path / "own", clock)
    bring(own, path)
    kept = own.hotspot_part(own.parts("hotspots")["2026"])
    found = kept["confidence"].astype(object).where(kept["confidence"].notna(), None).tolist()
    assert found == ["low", "nominal", "high", "low", "high", "low", "high", None, None]
    assert kept["confidence_pct"].dropna().tolist() == [29, 85]
    assert kept["frp_mw"].isna().tolist() == [True, *[False] * 8]


def test_thai_text_survives_every_encoding(tmp_path: Path) -> None:
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp874")):
        mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(mark + gistda_text({}).encode(encoding))
        own = Store(tmp_path / str(number), clock)
        (verdict,) = bring(own, path)
        assert (verdict.kept, verdict.rejected) == (1, 0), encoding
        assert own.hotspot_part(own.parts("hotspots")["2026"])["land_class"].tolist() == ["reserved_forest"]


def test_a_bad_boundary_among_good_ones_is_left_out(tmp_path: Path) -> None:
    content = tambons_with(
        make.square(0, 0),
        shapely.Point(99.0, 18.0),
        make.square(1, 0),
        shapely.Polygon(),
        codes=("TH520101", "TH520102", "TH520103", "TH520104"),
    )
    path = tmp_path / "t.geojson"
    path.write_bytes(content)
    own = Store(tmp_path / "own", clock)
    (verdict,) = bring(own, path)
    assert (verdict.read, verdict.kept, verdict.rejected) == (4, 2, 2)
    rows = {remark.key: remark.rows for remark in verdict.remarks}
    assert (rows["empty_geometry"], rows["not_polygon"]) == ((4,), (2,))
    worded(verdict)
    stored = own.tambons()
    assert stored is not None
    assert stored["tambon"].tolist() == ["520101", "520103"]


def test_bad_hours_among_good_ones(tmp_path: Path) -> None:
    hours: dict[str, float | None] = {
        "2026-03-10 01:00": 40.5,
        "2026-03-10 25:00": 41.0,
        "2026-03-10 02:00": None,
        "2026-03-10 03:00": -999,
        "2027-03-10 04:00": 42.0,
        "2569-03-10 05:00": 0,
        "2026-03-10 24:00": 99999,
    }
    path = tmp_path / "h.json"
    path.write_bytes(files.history(hours))
    own = Store(tmp_path / "own", clock)
    (verdict,) = bring(own, path)
    assert (verdict.read, verdict.kept, verdict.rejected) == (7, 5, 2)
    rows = {remark.key: remark.rows for remark in verdict.remarks}
    assert (rows["bad_date"], rows["future_date"]) == ((2,), (5,))
    assert (rows["buddhist_year"], rows["zero_values"], rows["implausible_value"]) == ((6,), (6,), (7,))
    worded(verdict)
    table = own.readings(NOW - dt.timedelta(days=365), NOW)
    # The stamp names the end of the hour, in Thai time: 01:00 is the hour that begins at 17:00 UTC the day before.
    starts = [f"{moment:%d %H}" for moment in table["measured_at"]]
    assert starts == ["09 17", "09 18", "09 19", "09 21", "10 16"]
    assert table["value"].astype(object).where(table["value"].notna(), None).tolist() == [40.5, None, None, 0, None]


def every_cut(content: bytes) -> Iterator[bytes]:
    for at in np.random.default_rng(3).choice(len(content), 25, replace=False):
        yield content[: int(at)]


@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz", "f.zip", "f.json", "t.geojson", "f.xlsx"])
def test_a_file_cut_anywhere_gives_a_verdict_that_adds_up(tmp_path: Path, name: str) -> None:
    rows = mixed_csv(*({},) * 20)
    content = {
        "f.csv": rows,
        "f.csv.gz": files.gzipped(rows),
        "f.zip": files.zipped({"a.csv": rows, "b.csv": files.gistda()}),
        "f.json": files.live(),
        "t.geojson": files.as_json(files.squares()),
        "f.xlsx": workbook(("Date", "37T"), ("2026-01-01", 3), sheet="PM2.5"),
    }[name]
    own = Store(tmp_path / "own", clock)
    for part in every_cut(content):
        for verdict in importer.bring_in(own, [Brought(name, part, LIMIT)], clock):
            assert balanced(verdict)
            assert verdict.refused or verdict.kept or verdict.duplicates or verdict.rejected
            worded(verdict)


def test_zip_members_stand_for_themselves(tmp_path: Path) -> None:
    """One damaged member costs its own rows and no other's."""
    content = files.zipped({"a.csv": mixed_csv({}), "b.csv": mixed_csv({}, {}), "c.csv": b"x"}, zipfile.ZIP_STORED)
    at = content.index(mixed_csv({}, {})) + 200
    damaged = content[:at] + b"9" + content[at + 1 :]
    own = Store(tmp_path / "own", clock)
    verdicts = importer.bring_in(own, [Brought("f.zip", damaged, LIMIT)], clock)
    assert [(v.file, v.kept, v.refused.key if v.refused else "") for v in verdicts] == [
        ("f.zip: a.csv", 1, ""),
        ("f.zip: b.csv", 0, "damaged_archive"),
        ("f.zip: c.csv", 0, "firms_message"),
    ]
    assert json.loads((own.root / "manifest.json").read_text())["tables"]["hotspots"]["2026"]["rows"] == 1
