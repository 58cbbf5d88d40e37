"""A file as a person brought it: opened and understood, member by member, each as its rows or as the reason why not.

A bad member never stops the others. Never stores, never words.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from data.errors import ContractError, FileRefused, HazeError
from fetchers import recognise, unpack
from fetchers.parsed import Parsed

#: What a parser raises on content of a shape that its author did not foresee. One such file must not stop the others.
PARSER_FAULTS = (
    AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError, csv.Error,
)  # fmt: skip


@dataclass(frozen=True)
class Brought:
    """A file, or bytes with a name.

    Attributes
    ----------
    name : str
        Name shown to the user.
    raw : Path or bytes
    limit_bytes : int
        Most decoded bytes of one member.
    """

    name: str
    raw: Path | bytes
    limit_bytes: int

    def members(self) -> Iterator[unpack.Member | tuple[str, FileRefused]]:
        """Yield what it holds; see `unpack.members`."""
        if isinstance(self.raw, bytes):
            return unpack.members_of_bytes(self.name, self.raw, self.limit_bytes)
        return unpack.members(self.raw, self.limit_bytes)


Found = tuple[str, Parsed | HazeError]
#: Understands a file at a moment: here, or in a process apart (`fetchers.apart`).
Read = Callable[[Brought, dt.datetime], Iterator[Found]]


def understood(file: Brought, now: dt.datetime) -> Iterator[Found]:
    """Yield each member of a file by its name: what a parser made of it, or why nothing of it can be taken in.

    Parameters
    ----------
    file : Brought
    now : datetime
        Aware, UTC; later stamps are refused.
    """
    try:
        for member in file.members():
            if isinstance(member, tuple):
                yield _shown(file.name, member[0]), member[1]
                continue
            name = _shown(file.name, member.name)
            try:
                found: Parsed | HazeError = recognise.parse(member, now)
            except ContractError as refusal:
                found = refusal
            except PARSER_FAULTS as fault:
                found = unparsed(name, fault)
            yield name, found
    except FileRefused as refusal:
        yield file.name, refusal
    except PARSER_FAULTS as fault:  # from opening it
        yield file.name, unparsed(file.name, fault)
    except PermissionError as error:
        problem = {"problem": error.strerror or ""}
        yield file.name, FileRefused(f"{file.name}: {error}", key="unreadable", context=problem)


def unparsed(name: str, fault: Exception) -> FileRefused:
    """Return the refusal of a file whose content no parser foresaw."""
    problem = f"{type(fault).__name__}: {fault}"[:160]
    return FileRefused(f"{name}: the parser failed ({problem})", key="unparsed", context={"problem": problem})


def _shown(label: str, member: str) -> str:
    _, colon, inner = member.partition(": ")
    return f"{label}: {inner}" if colon else label
