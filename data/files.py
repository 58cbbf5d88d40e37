"""Files written whole or not at all: temporary sibling, flush to disk, rename.

Never decides what is written or where; the store does.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from data.errors import StoreError

PARTIAL = ".partial-"
#: Where damaged files of a store are put, for whoever wants to look at them.
DAMAGED = "damaged"


def write_whole(target: Path, fill: Callable[[Path], None], name: Callable[[Path], str] | None = None) -> Path:
    """Let `fill` write a temporary sibling of `target`, force it to disk and put it in place at once.

    `name`, when given, names the file from its written content; the path put in place is returned.

    Raises
    ------
    StoreError
        When the disk is full or the folder cannot be written; the target is then as it was.
    """
    partial = target.with_name(f"{PARTIAL}{secrets.token_hex(6)}-{target.name}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fill(partial)
        with open(partial, "rb+") as handle:
            os.fsync(handle.fileno())
        final = target.with_name(name(partial)) if name else target
        partial.replace(final)
        _sync_folder(target.parent)
        return final
    except OSError as error:
        _remove(partial)
        raise StoreError(
            f"cannot write {target}: {error.strerror or error}",
            key="store_unwritable",
            context={"folder": str(target.parent), "problem": error.strerror or str(error)},
            hint="free space on the disk or give the desk the right to write there",
        ) from error
    except BaseException:
        _remove(partial)
        raise


def _remove(partial: Path) -> None:
    # Where a file stands in place of the folder there is nothing to remove, and the first error is the one to tell.
    with contextlib.suppress(OSError):
        partial.unlink()


def _sync_folder(folder: Path) -> None:
    # The rename itself reaches the disk only with its folder.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def set_aside(root: Path, path: Path, *, copy: bool = False) -> bool:
    """Move a damaged file of a store into its folder ``damaged``, or copy it there; return whether it is there."""
    target = root / DAMAGED / path.name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if copy:
            shutil.copyfile(path, target)
        else:
            path.replace(target)
    except OSError:
        return False
    return True


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sweep(folder: Path, keep: set[str], older_than_s: float, now_s: float, pattern: str = "*") -> int:
    """Remove files of `folder` that are not in `keep` and untouched for `older_than_s`; return how many.

    The age leaves alone what a reader of the previous state may still have open.
    """
    removed = 0
    if not folder.is_dir():
        return removed
    for path in folder.rglob(pattern):
        # Another process may have swept it first; what cannot be removed now is tried again at the next commit.
        with contextlib.suppress(OSError):
            if path.is_file() and path.name not in keep and now_s - path.stat().st_mtime > older_than_s:
                path.unlink()
                removed += 1
    return removed
