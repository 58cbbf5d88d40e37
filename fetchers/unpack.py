"""A file as it was brought, opened: plain, gzip, zip, tar, xz or bz2, or a folder, member by member.

Knows containers by their first bytes, never by the name. Never follows a path out of an archive, never unpacks
more than the limit, never leaves a file behind.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from data.errors import FileRefused

#: An honest CSV shrinks 3 to 30 times; past this, and past `_BOMB_FLOOR`, it is a bomb.
_BOMB_RATIO = 200
_BOMB_FLOOR = 10_000_000
_MAX_MEMBERS = 20_000
#: All members of one archive together may hold this many times the limit of one file.
_ARCHIVE_TIMES = 4
_BLOCK = 1 << 20
_SHAPE_PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")


_PACKED_ERRORS = (EOFError, zlib.error, lzma.LZMAError, OSError)
#: What a damaged zip file makes `zipfile` raise: ValueError for names that are no text, IndexError for a name without a
#: letter, RuntimeError for odd methods.
ZIP_ERRORS = (
    *_PACKED_ERRORS, zipfile.BadZipFile, ValueError, RuntimeError, OverflowError, IndexError, KeyError, struct.error,
)  # fmt: skip


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Member:
    """One thing to recognise: bytes with a name, or the parts of a shapefile.

    Attributes
    ----------
    name : str
        Name shown to the user, ``archive.zip: inner.csv`` for a member.
    data : bytes
        Decoded content; empty for a shapefile.
    parts : dict of str to bytes
        Shapefile parts by lower-case ending, such as ``.dbf``; empty otherwise.
    """

    name: str
    data: bytes = b""
    parts: dict[str, bytes] = field(default_factory=dict)


def members(path: Path, limit_bytes: int) -> Iterator[Member | tuple[str, FileRefused]]:
    """Yield what a file holds; a member that cannot be opened comes as its name and the refusal.

    Parameters
    ----------
    path : Path
        A plain file or an archive.
    limit_bytes : int
        Most decoded bytes of one member.

    Raises
    ------
    FileRefused
        When the file as a whole cannot be opened, or there is none.
    """
    if not path.is_file():
        raise FileRefused(f"{path}: no such file", key="no_such_file")
    with open(path, "rb") as handle:
        yield from _opened(path.name, handle, path.stat().st_size, limit_bytes)


def is_sidecar(path: Path) -> bool:
    """Return True for a file that belongs to the shapefile beside it and is read with it."""
    ending = path.suffix.lower()
    beside = path.with_suffix(".shp")
    return ending in {*_SHAPE_PARTS, ".sbn", ".sbx", ".qix", ".qpj"} - {".shp"} and beside.is_file()


def shapefile_beside(path: Path, limit_bytes: int) -> bytes:
    """Return a ``.shp`` file and what belongs to it as one zip, the form in which it is read and kept.

    Raises
    ------
    FileRefused
        When the parts together are larger than `limit_bytes`.
    """
    parts = [part for ending in _SHAPE_PARTS if (part := path.with_suffix(ending)).is_file()]
    if sum(part.stat().st_size for part in parts) > limit_bytes:
        raise _too_large(path.name, limit_bytes)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in parts:
            # One date for all: the same parts make the same bytes whenever they are packed.
            archive.writestr(zipfile.ZipInfo(part.name, (1980, 1, 1, 0, 0, 0)), part.read_bytes())
    return packed.getvalue()


def members_of_bytes(name: str, data: bytes, limit_bytes: int) -> Iterator[Member | tuple[str, FileRefused]]:
    """Yield what uploaded bytes hold, like `members` for a file."""
    yield from _opened(name, io.BytesIO(data), len(data), limit_bytes)


def _opened(name: str, handle: IO[bytes], size: int, limit_bytes: int) -> Iterator[Member | tuple[str, FileRefused]]:
    if size == 0:
        raise FileRefused(f"{name}: empty file", key="empty_file")
    head = handle.read(512)
    handle.seek(0)
    if _is_zip(head):
        yield from _filled(name, _zip(name, handle, limit_bytes))
    elif _is_packed(head):
        start = _decoded(name, handle, head, size, limit_bytes, peek=1024)
        if _is_tar(start):
            _check_packed(name, handle, head, size, _ARCHIVE_TIMES * limit_bytes)
            yield from _filled(name, _tar(name, handle, limit_bytes))
            return
        data = _decoded(name, handle, head, size, limit_bytes)
        if _is_zip(data):
            yield from _filled(name, _zip(name, io.BytesIO(data), limit_bytes))
        else:
            yield from _nested(name, data, limit_bytes)
    elif _is_tar(head):
        yield from _filled(name, _tar(name, handle, limit_bytes))
    else:
        if size > limit_bytes:
            raise _too_large(name, limit_bytes)
        yield Member(name, handle.read())


def _is_zip(head: bytes) -> bool:
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def _is_packed(head: bytes) -> bool:
    return head[:2] == b"\x1f\x8b" or head[:6] == b"\xfd7zXZ\x00" or head[:3] == b"BZh"


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _filled(name: str, found: Iterator[Member | tuple[str, FileRefused]]) -> Iterator[Member | tuple[str, FileRefused]]:
    """Yield what an archive holds; refuse one that holds nothing, so that no file goes without a word."""
    empty = True
    for one in found:
        empty = False
        yield one
    if empty:
        raise FileRefused(f"{name}: the archive holds no file", key="empty_file")


def _too_large(name: str, limit_bytes: int) -> FileRefused:
    limit = limit_bytes // 1_000_000
    return FileRefused(
        f"{name}: more than {limit} MB", key="too_large", context={"limit_mb": limit}, hint="split the file by year"
    )


def _bomb(name: str) -> FileRefused:
    return FileRefused(f"{name}: unpacks to far more than any data would", key="zip_bomb")


def _decoded(name: str, handle: IO[bytes], head: bytes, size: int, limit_bytes: int, peek: int | None = None) -> bytes:
    handle.seek(0)
    try:
        with _decoder(handle, head) as stream:
            return _limited(name, stream, size, limit_bytes) if peek is None else stream.read(peek)
    except _PACKED_ERRORS as error:
        raise _damaged(name, error) from error


def _check_packed(name: str, handle: IO[bytes], head: bytes, size: int, limit_bytes: int) -> None:
    # A tar ends before the checksum of its compression, so reading its members alone would never test it.
    handle.seek(0)
    try:
        with _decoder(handle, head) as stream:
            for _ in _blocks(name, stream, size, limit_bytes):
                pass
    except _PACKED_ERRORS as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> FileRefused:
    return FileRefused(
        f"{name}: the compressed data end early or are damaged ({error})",
        key="damaged_archive",
        hint="copy or download the file again",
    )


def _decoder(handle: IO[bytes], head: bytes) -> gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    # Closing one of these leaves the file below it open.
    if head[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=handle)
    return bz2.BZ2File(handle) if head[:3] == b"BZh" else lzma.LZMAFile(handle)


def _limited(name: str, stream: _Readable, packed: int, limit_bytes: int) -> bytes:
    return b"".join(_blocks(name, stream, packed, limit_bytes))


def _blocks(name: str, stream: _Readable, packed: int, limit_bytes: int) -> Iterator[bytes]:
    total = 0
    while block := stream.read(_BLOCK):
        total += len(block)
        if total > _BOMB_FLOOR and total > _BOMB_RATIO * max(packed, 1):
            raise _bomb(name)
        if total > limit_bytes:
            raise _too_large(name, limit_bytes)
        yield block


def _unsafe(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":")


def _zip(name: str, handle: IO[bytes], limit_bytes: int) -> Iterator[Member | tuple[str, FileRefused]]:
    try:
        archive = zipfile.ZipFile(handle)
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except ZIP_ERRORS as error:
        raise FileRefused(f"{name}: not a whole zip file ({error})", key="damaged_archive") from error
    if any(entry.filename == "[Content_Types].xml" for entry in entries):
        handle.seek(0)
        data = handle.read(limit_bytes + 1)
        if len(data) > limit_bytes:
            raise _too_large(name, limit_bytes)
        _check_zip(name, entries, limit_bytes)
        yield Member(name, data)
        return
    _check_zip(name, entries, limit_bytes)
    shapes: dict[str, dict[str, bytes]] = {}
    stems = {entry.filename[:-4].lower() for entry in entries if entry.filename.lower().endswith(".shp")}
    for entry in entries:
        label = f"{name}: {entry.filename}"
        stem, ending = entry.filename[:-4].lower(), entry.filename[-4:].lower()
        if _is_clutter(entry.filename, among=len(entries)):
            continue
        try:
            with archive.open(entry) as stream:
                data = _limited(label, stream, entry.compress_size, limit_bytes)
        except FileRefused as refusal:
            yield label, refusal
            continue
        except ZIP_ERRORS as error:
            yield label, FileRefused(f"{label}: cannot be unpacked ({error})", key="damaged_archive")
            continue
        if stem in stems and ending in _SHAPE_PARTS:
            shapes.setdefault(stem, {})[ending] = data
        elif not data:
            yield label, FileRefused(f"{label}: empty file", key="empty_file")
        else:
            yield from _nested(label, data, limit_bytes)
    for stem, parts in shapes.items():
        yield Member(f"{name}: {PurePosixPath(stem).name}.shp", parts=parts)


def _is_clutter(name: str, *, among: int) -> bool:
    base = PurePosixPath(name).name.lower()
    if base.startswith("._") or "__macosx" in name.lower() or base == ".ds_store":
        return True
    # NASA packs a Readme into every download, GIS programs add index and metadata files.
    return among > 1 and (base.startswith("readme") or base.endswith((".sbn", ".sbx", ".xml", ".qix", ".qpj")))


def _check_zip(name: str, entries: list[zipfile.ZipInfo], limit_bytes: int) -> None:
    if not entries:
        raise FileRefused(f"{name}: the archive holds no file", key="empty_file")
    if len(entries) > _MAX_MEMBERS:
        raise _bomb(name)
    for entry in entries:
        if _unsafe(entry.filename):
            raise FileRefused(
                f"{name}: member {entry.filename!r} points outside the archive",
                key="unsafe_path",
                context={"member": entry.filename[:80]},
            )
        if entry.flag_bits & 0x1:
            raise FileRefused(f"{name}: protected by a password", key="encrypted")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > _BOMB_FLOOR and unpacked > _BOMB_RATIO * max(packed, 1):
        raise _bomb(name)
    if unpacked > _ARCHIVE_TIMES * limit_bytes:
        raise _too_large(name, limit_bytes)


def _nested(label: str, data: bytes, limit_bytes: int) -> Iterator[Member | tuple[str, FileRefused]]:
    try:
        if _is_packed(data):
            data = _decoded(label, io.BytesIO(data), data[:512], len(data), limit_bytes)
        if _is_workbook(data):
            yield from _zip(label, io.BytesIO(data), limit_bytes)
        elif _is_zip(data) or _is_tar(data):
            raise FileRefused(f"{label}: an archive inside an archive", key="nested_archive")
        else:
            yield Member(label, data)
    except FileRefused as refusal:
        yield label, refusal


def _is_workbook(data: bytes) -> bool:
    if not _is_zip(data):
        return False
    try:
        return "[Content_Types].xml" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    except ZIP_ERRORS:
        return False


def _tar(name: str, handle: IO[bytes], limit_bytes: int) -> Iterator[Member | tuple[str, FileRefused]]:
    handle.seek(0)
    total = 0
    seen = 0
    try:
        with tarfile.open(fileobj=handle, mode="r:*") as archive:
            for entry in archive:
                if not entry.isfile():
                    continue
                if _unsafe(entry.name):
                    raise FileRefused(
                        f"{name}: member {entry.name!r} points outside the archive",
                        key="unsafe_path",
                        context={"member": entry.name[:80]},
                    )
                seen += 1
                total += entry.size
                if seen > _MAX_MEMBERS:
                    raise _bomb(name)
                if entry.size > limit_bytes or total > _ARCHIVE_TIMES * limit_bytes:
                    raise _too_large(name, limit_bytes)
                label = f"{name}: {entry.name}"
                if _is_clutter(entry.name, among=1):
                    continue
                stream = archive.extractfile(entry)
                data = stream.read() if stream else b""
                if not data:
                    yield label, FileRefused(f"{label}: empty file", key="empty_file")
                else:
                    yield from _nested(label, data, limit_bytes)
    except (tarfile.TarError, ValueError, *_PACKED_ERRORS) as error:
        raise FileRefused(f"{name}: the archive ends early or is damaged ({error})", key="damaged_archive") from error
