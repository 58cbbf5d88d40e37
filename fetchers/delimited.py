"""Bytes of a delimited text become columns: encoding, separator, stray lines and broken rows are dealt with here.

Never knows what a column means: the caller names the columns it wants and says which hold numbers.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import ArrayLike, DTypeLike, NDArray

from data.errors import FileRefused
from fetchers.parsed import Remark

#: A wanted column: the name it gets, and how its cells are read.
Field = tuple[str, Literal["number", "text"]]
#: Given the header, says which positions are wanted. May raise FileRefused before the rows are read.
Choose = Callable[[Sequence[str]], Mapping[int, Field]]

ROWS_TOLD = 5
_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_DELIMITERS = (",", ";", "\t")
_LONGEST_HEADER = 20_000
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True)
class Words:
    """A text column, each different text kept once.

    Attributes
    ----------
    codes : ndarray of int32, shape (rows,)
        Position of the row's text in `values`.
    values : tuple of str
        Texts without blanks around them; the same text may occur twice.
    """

    codes: NDArray[np.int32]
    values: tuple[str, ...]

    @classmethod
    def of(cls, cells: Sequence[str]) -> Self:
        """Return the column of `cells`."""
        codes, values = pd.factorize(np.asarray(cells, dtype=object))
        return cls(codes.astype(np.int32), tuple(str(value).strip() for value in values))

    def spread(self, per_value: ArrayLike, dtype: DTypeLike) -> NDArray[Any]:
        """Return what was worked out for each value of `values`, shape (rows,)."""
        # An empty column has no value to index, yet must give an empty array of the right type.
        known = np.asarray(per_value, dtype=dtype)
        return known[self.codes] if len(known) else np.empty(0, dtype=dtype)

    def numbers(self) -> Numbers:
        """Return the column read as numbers; blanks around them do not matter."""
        known = _numbers(self.values)
        return Numbers(self.spread(known.values, np.float64), self.spread(known.unreadable, bool))


@dataclass(frozen=True)
class Numbers:
    """A number column.

    Attributes
    ----------
    values : ndarray of float64, shape (rows,)
        NaN where the cell is empty or unreadable.
    unreadable : ndarray of bool, shape (rows,)
        True where the cell holds something that is no finite number.
    """

    values: NDArray[np.float64]
    unreadable: NDArray[np.bool_]

    def or_else(self, other: Numbers) -> Numbers:
        """Return these numbers, with `other` where the cell is empty."""
        gap = np.isnan(self.values) & ~self.unreadable
        return Numbers(np.where(gap, other.values, self.values), np.where(gap, other.unreadable, self.unreadable))


@dataclass(frozen=True)
class Sheet:
    """The wanted columns of a table, row by row as far as the rows are whole.

    Attributes
    ----------
    header : tuple of str
        All column names as written.
    words, numbers : dict
        Wanted columns by the caller's name.
    row_numbers : ndarray of int64, shape (rows,)
        Number of each row as a person counts; the first data row is 1.
    read : int
        Data rows met, broken ones included.
    rejected, mended : tuple of Remark
        Broken rows; stray lines dropped.
    fast : bool
        True when no cell needed a second look.
    """

    header: tuple[str, ...]
    words: dict[str, Words]
    numbers: dict[str, Numbers]
    row_numbers: NDArray[np.int64]
    read: int
    rejected: tuple[Remark, ...] = ()
    mended: tuple[Remark, ...] = ()
    fast: bool = False

    def __len__(self) -> int:
        return len(self.row_numbers)


class Sieve:
    """Rows of a sheet that are still good, and the reasons why others are not.

    Attributes
    ----------
    good : ndarray of bool, shape (rows,)
    rejected, mended : list of Remark
    """

    def __init__(self, sheet: Sheet) -> None:
        self.good: NDArray[np.bool_] = np.ones(len(sheet), dtype=bool)
        self.rejected = list(sheet.rejected)
        self.mended = list(sheet.mended)
        self._row_numbers = sheet.row_numbers

    def reject(self, key: str, bad: NDArray[np.bool_]) -> None:
        """Drop the rows where `bad` is True; a row is counted under its first reason only."""
        hit = self.good & bad
        if hit.any():
            self.rejected.append(self._remark(key, hit, {}))
            self.good &= ~bad

    def tell(self, key: str, where: NDArray[np.bool_], **context: object) -> None:
        """Say that something happened to the good rows where `where` is True."""
        hit = self.good & where
        if hit.any():
            self.mended.append(self._remark(key, hit, context))

    def _remark(self, key: str, hit: NDArray[np.bool_], context: Mapping[str, object]) -> Remark:
        rows = tuple(int(number) for number in self._row_numbers[np.flatnonzero(hit)[:ROWS_TOLD]])
        return Remark(key, int(np.count_nonzero(hit)), rows, context)


def plain_name(name: str) -> str:
    """Return a column name in small letters, everything but letters and digits as one underscore."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def read(data: bytes, choose: Choose) -> Sheet:
    """Read the wanted columns of a delimited text.

    Parameters
    ----------
    data : bytes
        The file: UTF-8, UTF-16 or Thai Windows text; comma, semicolon or tab.
    choose : callable
        Given the header, returns the wanted columns.

    Raises
    ------
    FileRefused
        ``empty_file``, ``html_page``, ``not_text``, or whatever `choose` refuses.
    """
    body, thai_windows = _as_utf8(data)
    head = body[:1000].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")) or (head.startswith(b"<") and b"<html" in head):
        raise FileRefused("expected a table, got a web page", key="html_page")
    line, start, markers = _header_line(body)
    if not line:
        raise FileRefused("expected a table, got an empty file", key="empty_file")
    if len(line) > _LONGEST_HEADER:
        raise FileRefused(f"expected a table, got one line of {len(line)} characters", key="not_text")
    try:
        delimiter = max(_DELIMITERS, key=lambda mark: len(next(csv.reader([line], delimiter=mark))))
        header = tuple(name.strip() for name in next(csv.reader([line], delimiter=delimiter)))
    except csv.Error as error:
        raise FileRefused(f"expected a line of column names: {error}", key="not_text") from error
    fields = choose(header)
    sheet = None
    # Markers in front of the header mean that more follow; without numbers nothing would expose a repeated header.
    if not markers and any(kind == "number" for _, kind in fields.values()):
        rows, headers = _without_headers(body, start)
        sheet = _read_fast(rows, b'"' in body, delimiter, header, fields)
        if sheet and headers:
            sheet = replace(sheet, mended=(Remark("repeated_header", headers),))
    if sheet is None:
        # Joined files carry the mark of the byte order in their middle too.
        sheet = _read_slow(body[start:].decode("utf-8").replace("\ufeff", ""), delimiter, header, fields, markers)
    if thai_windows:
        sheet = replace(sheet, mended=(*sheet.mended, Remark("thai_windows_text", sheet.read)))
    return sheet


def from_columns(columns: Mapping[str, Iterable[object]], choose: Choose) -> Sheet:
    """Return the sheet of columns that some other reader took apart (GeoJSON properties, dBASE fields)."""
    header = tuple(columns)
    cells = {name: [_as_text(cell) for cell in column] for name, column in columns.items()}
    rows = len(cells[header[0]]) if header else 0
    fields = choose(header)
    words, numbers, _ = _split({at: cells[header[at]] for at in fields}, fields, ",")
    return Sheet(header, words, numbers, np.arange(1, rows + 1, dtype=np.int64), rows)


def _as_utf8(data: bytes) -> tuple[bytes, bool]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _unix_lines(data.decode("utf-16", errors="replace").encode()), False
    if b"\0" in data[:65536]:
        raise FileRefused("expected text, got bytes that are no text", key="not_text")
    body = data.removeprefix(b"\xef\xbb\xbf")
    if body.isascii():
        return _unix_lines(body), False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return _unix_lines(data.decode("cp874").encode()), True
        except UnicodeDecodeError as error:
            raise FileRefused(f"expected UTF-8 or Thai text: {error}", key="not_text") from error
    return _unix_lines(body), False


def _unix_lines(body: bytes) -> bytes:
    # Only the oldest spreadsheets end lines with a lone CR; CRLF is understood by both readers.
    return body.replace(b"\r", b"\n") if b"\n" not in body and b"\r" in body else body


def _header_line(body: bytes) -> tuple[str, int, int]:
    start, markers = 0, 0
    while start < len(body):
        stop = body.find(b"\n", start)
        stop = len(body) if stop < 0 else stop
        line = body[start:stop].decode("utf-8").strip("\r ")
        start = stop + 1
        if line.startswith(_MARKERS):
            markers += 1
        elif line.strip():
            return line, start, markers
    return "", start, markers


def _without_headers(body: bytes, start: int) -> tuple[pa.Buffer, int]:
    """Return the rows after the header, and how many repetitions of it were taken out."""
    line = body[body.rfind(b"\n", 0, max(start - 1, 0)) + 1 : start]
    # Files joined end to end repeat the header; without it they are as clean as one file.
    count = body.count(b"\n" + line, start - 1) if line.endswith(b"\n") else 0
    if count:
        return pa.py_buffer(body[start - 1 :].replace(b"\n" + line, b"\n")), count
    return pa.py_buffer(body).slice(min(start, len(body))), 0


def _read_fast(
    rows: pa.Buffer, quoted: bool, delimiter: str, header: tuple[str, ...], fields: Mapping[int, Field]
) -> Sheet | None:
    """Return the sheet, or None when any row or cell is not exactly as expected."""
    types = {"number": pa.float64(), "text": pa.dictionary(pa.int32(), pa.string())}
    names = [str(at) for at in range(len(header))]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(rows),
            read_options=pa_csv.ReadOptions(column_names=names, block_size=1 << 23),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=quoted),
            convert_options=pa_csv.ConvertOptions(
                column_types={str(at): types[kind] for at, (_, kind) in fields.items()},
                include_columns=[str(at) for at in fields],
                null_values=[""],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    words: dict[str, Words] = {}
    numbers: dict[str, Numbers] = {}
    for at, (name, kind) in fields.items():
        column = table.column(str(at))
        if kind == "text":
            if name not in words:
                joined = column.unify_dictionaries().combine_chunks()
                values = tuple(value.strip() for value in joined.dictionary.to_pylist())
                words[name] = Words(joined.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False), values)
            continue
        value = np.asarray(column.to_numpy(), dtype=np.float64)
        unreadable = ~np.isfinite(value)
        if unreadable.any():
            unreadable &= np.asarray(column.is_valid().to_numpy(), dtype=bool)
            value = np.where(np.isfinite(value), value, np.nan)
        found = Numbers(value, unreadable)
        numbers[name] = numbers[name].or_else(found) if name in numbers else found
    read_rows = table.num_rows
    return Sheet(header, words, numbers, np.arange(1, read_rows + 1, dtype=np.int64), read_rows, fast=True)


def _read_slow(body: str, delimiter: str, header: tuple[str, ...], fields: Mapping[int, Field], markers: int) -> Sheet:
    # One flat list of cells: a million small lists would keep the garbage collector busy for seconds.
    cells: list[str] = []
    whole_at: list[int] = []
    broken: list[int] = []
    headers = read_rows = 0
    for row in _rows(body, delimiter, len(header)):
        if not row or (len(row) == 1 and not row[0].strip()):
            continue
        if row[0].startswith(_MARKERS):
            markers += 1
        elif row[0].strip() == header[0] and tuple(cell.strip() for cell in row) == header:
            headers += 1
        else:
            read_rows += 1
            if len(row) == len(header):
                cells += [row[at] for at in fields]
                whole_at.append(read_rows)
            else:
                broken.append(read_rows)
    columns = {at: cells[place :: len(fields)] for place, at in enumerate(fields)}
    words, numbers, commas = _split(columns, fields, delimiter)
    told = (("conflict_markers", markers), ("repeated_header", headers), ("decimal_comma", commas))
    return Sheet(
        header,
        words,
        numbers,
        np.asarray(whole_at, dtype=np.int64),
        read_rows,
        (Remark("cell_count", len(broken), tuple(broken[:ROWS_TOLD])),) if broken else (),
        tuple(Remark(key, count) for key, count in told if count),
    )


def _rows(body: str, delimiter: str, width: int) -> Iterable[list[str]]:
    if '"' in body and not _swallows(body, delimiter, width):
        return csv.reader(io.StringIO(body, newline=""), delimiter=delimiter)
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return ([cell.strip('"') for cell in line.split(delimiter)] for line in lines)


def _swallows(body: str, delimiter: str, width: int) -> bool:
    """Return True when a quote that is never closed takes in the lines after it: then every line stands for itself."""
    try:
        rows = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter)
        return any(len(row) != width and any("\n" in cell for cell in row) for row in rows)
    except csv.Error:
        return True


def _split(
    columns: Mapping[int, Sequence[str]], fields: Mapping[int, Field], delimiter: str
) -> tuple[dict[str, Words], dict[str, Numbers], int]:
    words: dict[str, Words] = {}
    numbers: dict[str, Numbers] = {}
    commas = np.zeros(max((len(cells) for cells in columns.values()), default=0), dtype=bool)
    for at, (name, kind) in fields.items():
        cells = columns[at]
        if kind == "text":
            if name not in words:
                words[name] = Words.of(cells)
            continue
        # "18,51" is one number only where the comma does not part the cells.
        if delimiter != ",":
            comma = np.fromiter(
                (_DECIMAL_COMMA.fullmatch(cell.strip()) is not None for cell in cells), bool, len(cells)
            )
            cells = [cell.replace(",", ".") if c else cell for cell, c in zip(cells, comma, strict=True)]
            commas |= comma
        column = _numbers(cells)
        numbers[name] = numbers[name].or_else(column) if name in numbers else column
    return words, numbers, int(np.count_nonzero(commas))


def _numbers(cells: Sequence[str]) -> Numbers:
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
        clean = bool(np.isfinite(values).all()) and "_" not in "".join(cells)
    except ValueError:
        clean = False
    if clean:
        return Numbers(values, np.zeros(len(cells), dtype=bool))
    values = np.fromiter(map(_number, cells), np.float64, len(cells))
    unreadable = np.isnan(values)
    for at in np.flatnonzero(unreadable).tolist():
        unreadable[at] = bool(cells[at].strip())
    return Numbers(values, unreadable)


def _number(text: str) -> float:
    # Python alone would read "1_000" as a number.
    if not text or "_" in text:
        return np.nan
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if np.isfinite(value) else np.nan


def _as_text(cell: object) -> str:
    if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, dt.datetime | dt.date):
        return cell.isoformat()
    return str(cell)
