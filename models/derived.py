"""Files that can be made again: found under the name of everything that went in, made when absent or damaged.

Never holds what cannot be made again; that is the store's own business.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from data.files import set_aside
from data.store import Store

T = TypeVar("T")

#: What reading a damaged or outdated file may raise.
FAULTS = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile)


def kept(store: Store, name: str, key: str, build: Callable[[Path], None], load: Callable[[Path], T]) -> T:
    """Return what `load` makes of a derived file, building the file first when it is not there.

    Parameters
    ----------
    store : Store
    name : str
        File name, such as ``totals_2026.npy``.
    key : str
        Names everything that went in: revisions of the inputs and version of the step.
    build : callable
        Writes the file at the path given.
    load : callable
        Reads it.
    """
    try:
        return load(store.derived(name, key, build))
    except FAULTS:
        # Whole, but not what it should be (of an older desk, say): made again, once.
        set_aside(store.root, store.derived(name, key, build))
        return load(store.derived(name, key, build))
