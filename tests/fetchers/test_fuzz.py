"""Damaged files of every known form end in rows or in an error of the desk; `python -m benchmarks.fuzz` tries more."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import fuzz
from data.errors import FileRefused
from fetchers import unpack
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
