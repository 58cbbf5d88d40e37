"""Damaged files of every known form end in rows or in an error of the desk; `python -m benchmarks.fuzz` tries more."""

from __future__ import annotations

import io
import random

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import fuzz
from data.errors import FileRefused
from fetchers import shapes, unpack
from tests import files

SEEDS = fuzz.seeds()


@pytest.mark.parametrize("name", SEEDS)
def test_every_seed_is_read(name: str) -> None:
    assert fuzz.read(name, SEEDS[name]) == "rows"


@settings(max_examples=250, deadline=None)
@given(name=st.sampled_from(sorted(SEEDS)), seed=st.integers(0, 2**32), times=st.integers(1, 3))
def test_a_damaged_file_ends_in_rows_or_in_an_error_of_the_desk(name: str, seed: int, times: int) -> None:
    draw = random.Random(seed)
    data = SEEDS[name]
    for _ in range(times):
        try:
            data = draw.choice(fuzz.mutations(name))(data, draw)
        except (ValueError, RecursionError):  # no JSON any more
            break
    assert fuzz.read(name, data)


def test_a_member_without_a_name_is_a_damaged_archive() -> None:
    packed = bytearray(files.zipped({"a": b"x"}))
    at = packed.rindex(b"PK\x01\x02")
    packed[at + 28 : at + 30] = b"\0\0"  # the length of the name in the directory
    packed[at + 30 : at + 32] = b"\1\0"  # its letter becomes an extra field
    with pytest.raises(FileRefused) as refusal:
        list(unpack.members_of_bytes("a.zip", bytes(packed), 1000))
    assert refusal.value.key == "damaged_archive"


@pytest.mark.parametrize(
    "document",
    [
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": [], "geometry": "-"}]},
        {"latitude": 18.3, "longitude": 99.5, "hourly": 1e308, "hourly_units": "-"},
        {"latitude": 18.3, "longitude": 99.5, "utc_offset_seconds": 25200, "hourly_units": "-",
         "hourly": {"time": ["2026-03-10T12:00"], "temperature_2m": [30.0]}},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"ADM3_PCODE": "TH520101"},
         "geometry": {"type": "Polygon", "coordinates": [[[10**400, 18], [99, 18], [99, 19], [10**400, 18]]]}}]},
    ],
    ids=["geometry", "hours", "units", "number"],
)  # fmt: skip
def test_json_of_a_known_form_with_members_of_another_kind_is_refused(document: object) -> None:
    assert fuzz.read("a.json", files.as_json(document)) not in ("rows", "unparsed")


def test_a_population_in_thai_letters_between_semicolons_is_read() -> None:
    text = "tambon_code;population;source\n520101;1200;ทะเบียน\n520102;900;ทะเบียน\n"
    assert fuzz.read("p.csv", text.encode("cp874")) == "rows"


@pytest.mark.parametrize("text", [b"tambon_code,popu\rlation,population\n520101,1,2\n", b'a\rb,"c\n1,2,3\n'])
def test_a_line_end_of_another_kind_among_the_column_names_is_no_crash(text: bytes) -> None:
    assert fuzz.read("a.csv", text) != "rows"


def _sheet_with(cell: str) -> bytes:
    """Return a workbook whose only cell beside A1 stands at `cell`."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page["A1"], page[cell] = "Date", 1
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("cell", ["XFD1048576", "A1048576", "XFD1000"])
def test_a_cell_far_away_ends_no_program(cell: str) -> None:
    # The reader makes room for all cells between at once: the first of these would take 550 GB and end the server.
    found = fuzz.read("far.xlsx", _sheet_with(cell))
    assert found == ("zip_bomb" if cell != "A1048576" else found) != "rows"


def test_one_value_written_once_for_millions_of_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_MOST_UNPACKED", 20_000_000)
    schema = pa.schema([("ADM3_PCODE", pa.string()), ("geometry", pa.binary())])
    out = io.BytesIO()
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for _ in range(50):
            rows = {"ADM3_PCODE": ["x" * 100_000] * 10, "geometry": [b"x"] * 10}
            writer.write_table(pa.table(rows, schema=schema))
    assert len(out.getvalue()) < 100_000
    assert fuzz.read("bomb.parquet", out.getvalue()) == "zip_bomb"


def test_entities_that_multiply_are_not_followed() -> None:
    steps = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    text = f'<?xml version="1.0"?><!DOCTYPE k [{steps}]><kml>&l9;</kml>'
    assert fuzz.read("laughs.kml", text.encode()) != "rows"
