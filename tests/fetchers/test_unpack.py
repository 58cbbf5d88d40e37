"""Files as they are brought: every container opened, and every broken or hostile one refused with its reason."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import FileRefused
from fetchers import unpack
from fetchers.unpack import Member

TEXT = b"latitude,longitude\n18.1,99.5\n"
LIMIT = 100_000_000


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


@pytest.fixture(params=["path", "bytes"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., list[Member | tuple[str, FileRefused]]]:
    """Return what opens bytes as a file on disk, or as an upload; both must do the same."""

    def from_path(data: bytes, limit: int = LIMIT) -> list[Member | tuple[str, FileRefused]]:
        (tmp_path / "file.bin").write_bytes(data)
        return list(unpack.members(tmp_path / "file.bin", limit))

    def from_bytes(data: bytes, limit: int = LIMIT) -> list[Member | tuple[str, FileRefused]]:
        return list(unpack.members_of_bytes("file.bin", data, limit))

    return from_path if request.param == "path" else from_bytes


def reasons(found: list[Member | tuple[str, FileRefused]]) -> dict[str, str]:
    """Return the refused members and why."""
    return {one[0]: one[1].key for one in found if isinstance(one, tuple)}


def refusal(opened: Callable[..., object], data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(FileRefused) as refused:
        opened(data, limit)
    return refused.value.key


def workbook() -> bytes:
    """Return the bytes of a small XLSX whose table of contents comes last, as some programs write it."""
    return zipped({"xl/workbook.xml": b"<workbook/>" * 900, "[Content_Types].xml": b"<Types/>"}, zipfile.ZIP_STORED)


# -- what is opened ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        TEXT, gzip.compress(TEXT), bz2.compress(TEXT), lzma.compress(TEXT), gzip.compress(gzip.compress(TEXT)),
        gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]),
    ],
    ids=["plain", "gzip", "bz2", "xz", "gzip twice", "gzip in two parts"],
)  # fmt: skip
def test_one_file(opened: Callable[..., object], data: bytes) -> None:
    assert opened(data) == [Member("file.bin", TEXT)]


@pytest.mark.parametrize(
    "pack",
    [
        zipped, tarred, lambda m: tarred(m, "w:gz"), lambda m: tarred(m, "w:xz"), lambda m: tarred(m, "w:bz2"),
        lambda m: gzip.compress(zipped(m)), lambda m: zipped(m, zipfile.ZIP_STORED),
        lambda m: zipped(m, zipfile.ZIP_BZIP2), lambda m: zipped(m, zipfile.ZIP_LZMA),
    ],
    ids=["zip", "tar", "tar.gz", "tar.xz", "tar.bz2", "zip.gz", "zip stored", "zip bzip2", "zip lzma"],
)  # fmt: skip
def test_several_files(opened: Callable[..., object], pack: Callable[[dict[str, bytes]], bytes]) -> None:
    data = pack(
        {"a.csv": TEXT, "deep/er/b.csv.gz": gzip.compress(b"2"), "ค.csv": b"3", "d.csv.xz": lzma.compress(b"4")}
    )
    assert opened(data) == [
        Member("file.bin: a.csv", TEXT),
        Member("file.bin: deep/er/b.csv.gz", b"2"),
        Member("file.bin: ค.csv", b"3"),
        Member("file.bin: d.csv.xz", b"4"),
    ]


def test_a_container_is_known_by_its_first_bytes_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(zipped({"a.csv": TEXT}))
    (tmp_path / "table.zip").write_bytes(TEXT)
    assert list(unpack.members(tmp_path / "table.csv", LIMIT)) == [Member("table.csv: a.csv", TEXT)]
    assert list(unpack.members(tmp_path / "table.zip", LIMIT)) == [Member("table.zip", TEXT)]


def test_folders_in_an_archive_are_no_members(opened: Callable[..., object]) -> None:
    assert opened(zipped({"a/": b"", "a/b.csv": TEXT})) == [Member("file.bin: a/b.csv", TEXT)]


def test_links_in_a_tar_are_left_out(opened: Callable[..., object]) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("passwords")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        entry = tarfile.TarInfo("a.csv")
        entry.size = len(TEXT)
        archive.addfile(entry, io.BytesIO(TEXT))
    assert opened(out.getvalue()) == [Member("file.bin: a.csv", TEXT)]


def test_macos_clutter_is_left_out(opened: Callable[..., object]) -> None:
    members = {"a.csv": TEXT, "__MACOSX/._a.csv": b"\x00", "._a.csv": b"\x00", "x/.DS_Store": b"\x00"}
    for data in (zipped(members), tarred(members)):
        assert opened(data) == [Member("file.bin: a.csv", TEXT)]


def test_the_parts_of_a_shapefile_are_one_member(opened: Callable[..., object]) -> None:
    members = {
        "Fire/Layer.SHP": b"1", "Fire/Layer.DBF": b"2", "Fire/Layer.shx": b"3", "Fire/Layer.prj": b"4", "b.shp": b"5",
        "b.dbf": b"6", "Readme.txt": b"7", "b.shp.xml": b"8", "Fire/Layer.sbn": b"9", "notes.csv": TEXT,
    }  # fmt: skip
    assert opened(zipped(members)) == [
        Member("file.bin: notes.csv", TEXT),
        Member("file.bin: layer.shp", parts={".shp": b"1", ".dbf": b"2", ".shx": b"3", ".prj": b"4"}),
        Member("file.bin: b.shp", parts={".shp": b"5", ".dbf": b"6"}),
    ]


def test_a_workbook_is_not_unpacked(opened: Callable[..., object]) -> None:
    data = workbook()
    assert opened(data) == [Member("file.bin", data)]
    assert opened(gzip.compress(data)) == [Member("file.bin", data)]
    assert opened(zipped({"air.xlsx": data})) == [Member("file.bin: air.xlsx", data)]
    assert opened(tarred({"air.xlsx": data, "a.csv": TEXT})) == [
        Member("file.bin: air.xlsx", data),
        Member("file.bin: a.csv", TEXT),
    ]


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"", zipped({}), zipped({"a/": b""}), zipped({"__MACOSX/._a.csv": b"x", ".DS_Store": b"x"}),
        tarred({"._a.csv": b"x"}, "w:gz"), gzip.compress(zipped({})),
    ],
    ids=["no byte", "empty zip", "a folder alone", "clutter alone", "clutter alone in tar.gz", "empty zip in gzip"],
)  # fmt: skip
def test_nothing_inside(opened: Callable[..., object], data: bytes) -> None:
    assert refusal(opened, data) == "empty_file"


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_empty_member_is_told_beside_the_good_one(
    opened: Callable[..., list[Member | tuple[str, FileRefused]]], pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    found = opened(pack({"empty.csv": b"", "a.csv": TEXT}))
    assert reasons(found) == {"file.bin: empty.csv": "empty_file"}
    assert found[1] == Member("file.bin: a.csv", TEXT)


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    "inner", [zipped({"x.csv": TEXT}), tarred({"x.csv": TEXT}), zipped({}), tarred({"x": TEXT}, "w:gz")]
)
def test_an_archive_inside_an_archive(
    opened: Callable[..., list[Member | tuple[str, FileRefused]]],
    pack: Callable[[dict[str, bytes]], bytes],
    inner: bytes,
) -> None:
    found = opened(pack({"inner": inner, "a.csv": TEXT}))
    assert reasons(found) == {"file.bin: inner": "nested_archive"}
    assert found[1] == Member("file.bin: a.csv", TEXT)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda d: tarred({"a.csv": d}, "w:gz")])
def test_cut_short(opened: Callable[..., object], pack: Callable[[bytes], bytes]) -> None:
    # Noise does not shrink, so every cut falls into the data.
    whole = pack(os.urandom(50_000))
    for cut in (20, 100, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        assert refusal(opened, whole[:cut]) == "damaged_archive", cut


@pytest.mark.parametrize("cut", [2, 3, 10, 18])
def test_gzip_cut_in_its_first_bytes(opened: Callable[..., object], cut: int) -> None:
    assert refusal(opened, gzip.compress(TEXT)[:cut]) == "damaged_archive"


@pytest.mark.parametrize("cut", [4, 30, 200, -30, -1])
def test_a_zip_cut_short(opened: Callable[..., object], cut: int) -> None:
    assert refusal(opened, zipped({"a.csv": os.urandom(500), "b.csv": TEXT})[:cut]) == "damaged_archive"


def test_a_damaged_member_of_a_zip_leaves_the_others(
    opened: Callable[..., list[Member | tuple[str, FileRefused]]],
) -> None:
    data = bytearray(zipped({"a.csv": os.urandom(500), "b.csv": TEXT}, zipfile.ZIP_STORED))
    data[200] ^= 1
    found = opened(bytes(data))
    assert reasons(found) == {"file.bin: a.csv": "damaged_archive"}
    assert found[1] == Member("file.bin: b.csv", TEXT)


def test_a_tar_whose_compression_does_not_match_its_checksum(opened: Callable[..., object]) -> None:
    data = bytearray(tarred({"a.csv": TEXT}, "w:gz"))
    data[-6] ^= 1  # in the checksum; the members themselves can all be read
    assert refusal(opened, bytes(data)) == "damaged_archive"


def test_a_damaged_gzip_in_a_zip_leaves_the_others(
    opened: Callable[..., list[Member | tuple[str, FileRefused]]],
) -> None:
    found = opened(zipped({"a.csv.gz": gzip.compress(TEXT)[:-3], "b.csv": TEXT}))
    assert reasons(found) == {"file.bin: a.csv.gz": "damaged_archive"}
    assert found[1] == Member("file.bin: b.csv", TEXT)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(["zip", "tar", "tar.gz", "gz", "xz", "bz2", "xlsx"]),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 10**6) | st.none(),
)
def test_damage_anywhere_ends_in_members_or_a_refusal(kind: str, flips: list[tuple[int, int]], cut: int | None) -> None:
    members = {"a.csv": TEXT * 20, "b/ค.csv.gz": gzip.compress(TEXT), "c.shp": b"1", "c.dbf": b"2"}
    whole = {
        "zip": zipped(members), "tar": tarred(members), "tar.gz": tarred(members, "w:gz"),
        "gz": gzip.compress(TEXT * 20), "xz": lzma.compress(TEXT * 20), "bz2": bz2.compress(TEXT * 20),
        "xlsx": workbook(),
    }[kind]  # fmt: skip
    data = bytearray(whole)
    for place, flip in flips:
        data[place % len(data)] ^= flip
    data = data[: cut % len(data)] if cut is not None else data
    try:
        found = list(unpack.members_of_bytes("x", bytes(data), 1_000_000))
    except FileRefused:
        return
    assert found
    for one in found:
        assert isinstance(one, Member) or isinstance(one[1], FileRefused)


# -- hostile archives --------------------------------------------------------------------------------------------------


ZEROS = 60_000_000


def test_bombs(opened: Callable[..., list[Member | tuple[str, FileRefused]]]) -> None:
    zeros = bytes(ZEROS)
    packed = gzip.compress(zeros, 6)
    assert len(packed) < 100_000
    assert refusal(opened, zipped({"a.csv": zeros})) == "zip_bomb"
    assert refusal(opened, packed) == "zip_bomb"
    assert refusal(opened, tarred({"a.csv": zeros}, "w:gz")) == "zip_bomb"
    assert refusal(opened, lzma.compress(zeros, preset=0)) == "zip_bomb"
    assert refusal(opened, zipped({"xl/a.xml": zeros, "[Content_Types].xml": b"x"})) == "zip_bomb"
    assert reasons(opened(zipped({"a.csv.gz": packed, "b.csv": TEXT}))) == {"file.bin: a.csv.gz": "zip_bomb"}
    inner = zipped({"xl/a.xml": zeros, "[Content_Types].xml": b"x"})
    assert reasons(opened(zipped({"a.xlsx": inner, "b.csv": TEXT}))) == {"file.bin: a.xlsx": "zip_bomb"}


def test_a_bomb_is_not_unpacked_to_find_out(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(ZEROS), 6))
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused):
            list(unpack.members(path, LIMIT))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < ZEROS / 2


def test_a_zip_that_lies_about_its_sizes(opened: Callable[..., list[Member | tuple[str, FileRefused]]]) -> None:
    """The table of contents says 1,000 bytes; the member unpacks to 60 million."""
    data = zipped({"a.csv": bytes(ZEROS)})
    lied = data.replace(ZEROS.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lied != data
    assert reasons(opened(lied)) == {"file.bin: a.csv": "damaged_archive"}


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    "name", ["../a.csv", "a/../../b.csv", "/etc/a.csv", "..\\a.csv", "\\a.csv", "C:\\a.csv", "C:/a.csv"]
)
def test_a_path_out_of_the_archive(
    opened: Callable[..., object], pack: Callable[[dict[str, bytes]], bytes], name: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        opened(pack({name: TEXT}))
    assert refused.value.key == "unsafe_path"
    assert refused.value.context["member"]


@pytest.mark.parametrize("name", ["a..csv", "a/..b/c.csv", "...csv"])
def test_dots_in_a_name_are_no_path_out(opened: Callable[..., object], name: str) -> None:
    assert opened(zipped({name: TEXT})) == [Member(f"file.bin: {name}", TEXT)]


def test_a_password(opened: Callable[..., object]) -> None:
    data = bytearray(zipped({"a.csv": TEXT}))
    local, central = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    data[local + 6] |= 1
    data[central + 8] |= 1
    assert refusal(opened, bytes(data)) == "encrypted"


# -- limits ------------------------------------------------------------------------------------------------------------


def test_the_limit_holds_for_plain_files_and_members(
    opened: Callable[..., list[Member | tuple[str, FileRefused]]],
) -> None:
    fits, large = os.urandom(2_000_000), os.urandom(2_000_001)
    limit = len(fits)
    assert opened(fits, limit) == [Member("file.bin", fits)]
    assert refusal(opened, large, limit) == "too_large"
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        assert opened(pack(fits), limit) == [Member("file.bin", fits)]
        assert refusal(opened, pack(large), limit) == "too_large"
    found = opened(zipped({"large.csv": large, "fits.csv": fits}), limit)
    assert reasons(found) == {"file.bin: large.csv": "too_large"}
    assert found[1] == Member("file.bin: fits.csv", fits)
    assert refusal(opened, tarred({"large.csv": large}, "w:gz"), limit) == "too_large"
    assert reasons(opened(zipped({"a.gz": gzip.compress(large)}), limit + 5000)) == {}
    assert reasons(opened(zipped({"a.gz": gzip.compress(bytes(3_000_000))}), limit)) == {"file.bin: a.gz": "too_large"}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_the_members_together_may_hold_four_times_the_limit(
    opened: Callable[..., list[Member | tuple[str, FileRefused]]], pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    part = os.urandom(500_000)
    assert len(opened(pack({f"{n}.csv": part for n in range(4)}), len(part))) == 4
    assert refusal(opened, pack({f"{n}.csv": part for n in range(5)}), len(part)) == "too_large"


def test_too_many_members(opened: Callable[..., object]) -> None:
    assert refusal(opened, zipped({f"{n}": b"1" for n in range(20_001)}, zipfile.ZIP_STORED)) == "zip_bomb"


def test_a_file_of_two_gigabytes_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(TEXT)
    os.truncate(path, 2_000_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused) as refused:
            list(unpack.members(path, 1_024_000_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.key == "too_large"
    assert refused.value.context["limit_mb"] == 1024
    assert peak < 1_000_000  # nothing of it was read


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a.csv": TEXT, "b.shp": b"1", "b.dbf": b"2"}))
    assert len(list(unpack.members(path, LIMIT))) == 2
    assert list(tmp_path.iterdir()) == [path]
