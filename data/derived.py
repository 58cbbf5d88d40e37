"""Files that can be made again, beside the store's own: found by what went in, trusted by the checksum in their name.

A damaged one is put aside and made anew; where the store cannot be written they are made in a folder of this process.
Never holds what cannot be made again.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from data.errors import StoreError
from data.files import set_aside, sha256_of, write_whole
from data.outside import logger

log = logger("store")
_FOLDER = "derived"
_MARK = 12


def made(root: Path, name: str, key: str, build: Callable[[Path], None], checked: set[str]) -> Path:
    """Return the path of a derived file, making it when no whole one is there.

    Parameters
    ----------
    root : Path
        The store's folder.
    name : str
        File name, such as ``totals_2026.npy``.
    key : str
        Names everything that went in: revisions of the inputs and version of the step.
    build : callable
        Writes the file at the path given.
    checked : set of str
        Names whose checksum was taken before; added to.

    Raises
    ------
    StoreError
        When it can be written nowhere.
    """
    stem, _, suffix = name.partition(".")
    for path in _found(root, f"{stem}-{key}", suffix):
        if path.name not in checked and sha256_of(path)[:_MARK] != path.name.split(".")[0][-_MARK:]:
            log.warning("derived file %s does not match its checksum; it is put aside and made again", path.name)
            set_aside(root, path)
            continue
        checked.add(path.name)
        with contextlib.suppress(OSError):  # a read-only store still serves
            os.utime(path)
        return path

    def named(partial: Path) -> str:
        return f"{stem}-{key}-{sha256_of(partial)[:_MARK]}.{suffix}"

    try:
        path = write_whole(root / _FOLDER / f"{stem}.{suffix}", build, named)
    except StoreError:
        apart = _apart(root)
        if root == apart:
            raise
        return made(apart, name, key, build, checked)
    checked.add(path.name)
    return path


def _found(root: Path, start: str, suffix: str) -> list[Path]:
    """Return the files of a name and key, the newest first."""
    pattern = re.compile(rf"{re.escape(start)}-[0-9a-f]{{{_MARK}}}\.{re.escape(suffix)}")
    folder = root / _FOLDER
    try:
        found = [folder / entry.name for entry in os.scandir(folder) if pattern.fullmatch(entry.name)]
        return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    except OSError:  # no folder yet, or a file swept by another process this moment
        return []


def earlier(root: Path, stem: str) -> list[Path]:
    """Return the derived files of a step that were made from any state, the newest first."""
    return sorted((root / _FOLDER).glob(f"{stem}-*"), key=lambda path: path.stat().st_mtime_ns, reverse=True)


@functools.cache
def _folder_of_process() -> Path:
    return Path(tempfile.mkdtemp(prefix="haze-derived-"))


def _apart(root: Path) -> Path:
    """Return where derived files of a store that cannot be written are made, for the life of the process."""
    own = _folder_of_process()
    return root if root.is_relative_to(own) else own / hashlib.sha256(str(root).encode()).hexdigest()[:16]
