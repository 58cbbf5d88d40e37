"""Rows of a file into the registry, with counts and remarks as for every other file that is brought.

Never reads bytes and never judges a row: `data.registry.bulk` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from data.accounts import Author
from data.errors import FileRefused, HazeError
from data.registry import Registry, bulk
from data.registry.bulk import CHANGED, CONFIRMED, DUPLICATE, REJECTED, TAKEN, Reading, Scope
from data.registry.records import Problem
from fetchers.brought import Found
from fetchers.delimited import ROWS_TOLD
from fetchers.parsed import Parsed, Remark

#: So many different reasons are told; a file with more needs another look, not a longer list.
MOST_REASONS = 20


@dataclass(frozen=True)
class Taken:
    """What came of the rows of a file: ``kept + duplicates + rejected`` is the number of its rows."""

    kept: int
    duplicates: int
    rejected: int
    remarks: tuple[Remark, ...]


def into(registry: Registry, scope: Scope, author: Author) -> Callable[[str, Parsed], Taken]:
    """Return what `fetchers.importer.bring_in` calls for a file of records."""

    def take(name: str, parsed: Parsed) -> Taken:
        readings: list[Reading] = []
        for kind, table in parsed.records.items():
            rows = bulk.read(kind, table, scope)
            bulk.write(registry, kind, rows, author, name)
            readings += rows
        return taken(readings, parsed)

    return take


def looked_at(
    registry: Registry, scope: Scope, author: Author, found: Iterable[Found]
) -> Iterator[tuple[str, Reading]]:
    """Yield every row of a file with its kind and the verdict that an import would give it; nothing is written.

    Parameters
    ----------
    registry : Registry
    scope : Scope
    author : Author
    found : iterable
        From `brought.understood` or a `fetchers.apart.Reader`.

    Raises
    ------
    FileRefused
        When the file, or a member of it, is no list of records.
    """
    for name, parsed in found:
        if isinstance(parsed, HazeError):
            raise parsed
        if parsed.kind != "records":
            raise FileRefused(f"{name}: {parsed.kind}", key="no_records")
        for kind, table in parsed.records.items():
            rows = bulk.read(kind, table, scope)
            bulk.look(registry, kind, rows, author)
            for one in rows:
                yield kind, one


def taken(readings: Sequence[Reading], parsed: Parsed) -> Taken:
    """Return the counts and remarks of judged rows, with those of rows that were broken in the file."""
    verdicts = [one.verdict for one in readings]
    rejected = _remarks(
        [(one.row, problem) for one in readings if one.verdict == REJECTED for problem in one.wrong[:1]]
    )
    good = [one for one in readings if one.verdict in TAKEN]
    notes = _remarks([(one.row, problem) for one in good for problem in one.notes])
    for key, verdict in (("records_changed", CHANGED), ("facts_confirmed", CONFIRMED)):
        rows = [one.row for one in readings if one.verdict == verdict]
        if rows:
            notes.append(Remark(key, len(rows), tuple(rows[:ROWS_TOLD])))
    return Taken(
        len(good),
        verdicts.count(DUPLICATE),
        verdicts.count(REJECTED) + parsed.rejected_count,
        (*parsed.rejected, *rejected, *notes, *parsed.mended),
    )


def _remarks(told: Sequence[tuple[int, Problem]]) -> list[Remark]:
    """Return one remark for each different reason, with its rows."""
    found: dict[tuple[str, str], tuple[Problem, list[int]]] = {}
    for row, problem in told:
        found.setdefault((problem.key, str(sorted(problem.context.items()))), (problem, []))[1].append(row)
    remarks = [
        Remark(problem.key, len(rows), tuple(rows[:ROWS_TOLD]), problem.context) for problem, rows in found.values()
    ]
    if len(remarks) <= MOST_REASONS:
        return remarks
    rest = [row for _, rows in list(found.values())[MOST_REASONS:] for row in rows]
    return [*remarks[:MOST_REASONS], Remark("other_reasons", len(rest), tuple(rest[:ROWS_TOLD]))]
