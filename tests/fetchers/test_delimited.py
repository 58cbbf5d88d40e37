"""Delimited text: encodings, separators, stray lines, broken rows, and that both paths read the same.

Never looks at what a column means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import FileRefused
from fetchers import delimited
from fetchers.delimited import Field, Sheet

HEADER = "lat,name,note"
ROWS = ["18.25,ลำปาง,a", "18.5,แม่เมาะ,b"]


def choose(header: Sequence[str]) -> dict[int, Field]:
    """Want lat as a number and name as text."""
    wanted: dict[str, Field] = {"lat": ("lat", "number"), "name": ("name", "text")}
    return {at: wanted[name] for at, name in enumerate(header) if name in wanted}


def read(text: str | bytes) -> Sheet:
    return delimited.read(text.encode() if isinstance(text, str) else text, choose)


def names(sheet: Sheet) -> list[str]:
    column = sheet.words["name"]
    return [column.values[code] for code in column.codes]


def lats(sheet: Sheet) -> list[float]:
    return [float(value) for value in sheet.numbers["lat"].values]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp874"])
def test_encodings(encoding: str) -> None:
    sheet = read("\r\n".join([HEADER, *ROWS]).encode(encoding))
    assert names(sheet) == ["ลำปาง", "แม่เมาะ"]
    assert lats(sheet) == [18.25, 18.5]
    assert [remark.key for remark in sheet.mended] == (["thai_windows_text"] if encoding == "cp874" else [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(delimiter: str, newline: str) -> None:
    sheet = read(newline.join([HEADER, *ROWS, ""]).replace(",", delimiter))
    assert (sheet.read, names(sheet), lats(sheet)) == (2, ["ลำปาง", "แม่เมาะ"], [18.25, 18.5])
    assert sheet.fast


def test_decimal_comma_between_semicolons() -> None:
    sheet = read("lat;name\n18,25;a\n18.5;b\n")
    assert lats(sheet) == [18.25, 18.5]
    assert [(remark.key, remark.count) for remark in sheet.mended] == [("decimal_comma", 1)]


def test_conflict_markers_and_repeated_headers_are_no_rows() -> None:
    lines = ["<<<<<<< Updated, upstream", "=======", HEADER, ROWS[0], HEADER, "", ROWS[1], ">>>>>>> Stashed changes"]
    sheet = read("\n".join(lines))
    assert (sheet.read, len(sheet), sheet.fast) == (2, 2, False)
    assert {remark.key: remark.count for remark in sheet.mended} == {"conflict_markers": 3, "repeated_header": 1}
    assert not sheet.rejected


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_joined_files(mark: str) -> None:
    one = "\n".join([mark + HEADER, *ROWS, ""])
    sheet = read(one * 3)
    assert (sheet.read, names(sheet)) == (6, ["ลำปาง", "แม่เมาะ"] * 3)
    assert {remark.key: remark.count for remark in sheet.mended} == {"repeated_header": 2}
    assert sheet.fast == (not mark)


def test_rows_with_too_few_or_many_cells_are_counted_with_their_numbers() -> None:
    sheet = read("\n".join([HEADER, ROWS[0], "18.1,x", ROWS[1], "1,2,3,4", *["9"] * 5]))
    (remark,) = sheet.rejected
    assert (remark.key, remark.count, remark.rows) == ("cell_count", 7, (2, 4, 5, 6, 7))
    assert (sheet.read, len(sheet)) == (9, 2)
    assert list(sheet.row_numbers) == [1, 3]


def test_quotes() -> None:
    sheet = read('lat,name,note\n"18.25","a, ""b""\nc",x\n18.5,d,"y"\n')
    assert names(sheet) == ['a, "b"\nc', "d"]
    assert lats(sheet) == [18.25, 18.5]


def test_a_quote_never_closed_costs_one_row_only() -> None:
    sheet = read("\n".join([HEADER, ROWS[0], '18.3,"open', *ROWS, ROWS[1]]))
    assert (sheet.read, len(sheet)) == (5, 4)
    assert sheet.rejected[0].rows == (2,)


def test_empty_and_unreadable_cells_are_two_things() -> None:
    sheet = read("lat,name\n,a\nabc,b\nnan,c\n1_0,d\n 18.5 , e \n")
    numbers = sheet.numbers["lat"]
    assert list(np.isnan(numbers.values)) == [True, True, True, True, False]
    assert list(numbers.unreadable) == [False, True, True, True, False]
    assert names(sheet)[-1] == "e"


def test_not_a_number_word_in_the_fast_path() -> None:
    sheet = read("lat,name\n,a\nnan,b\n1,c\n")
    assert list(sheet.numbers["lat"].unreadable) == [False, True, False]


def test_header_only() -> None:
    sheet = read(HEADER + "\n")
    assert (sheet.read, len(sheet), lats(sheet), names(sheet)) == (0, 0, [], [])


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "empty_file"),
        (b" \r\n\n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"<!DOCTYPE html><html></html>", "html_page"),
        (b"\n <HTML>", "html_page"),
        (b"<?xml version='1.0'?><html/>", "html_page"),
        (b"PK\x03\x04\0\0", "not_text"),
        (b"lat,\xff\xfb\xdb\n", "not_text"),
        (b"x" * 300_000, "not_text"),
    ],
)
def test_refused(data: bytes, key: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        read(data)
    assert refusal.value.key == key


def test_two_columns_of_one_meaning_fill_each_other() -> None:
    def both(header: Sequence[str]) -> dict[int, Field]:
        return dict.fromkeys(range(len(header)), ("value", "number"))

    for text in ("a,b\n1,\n,2\n3,4\n", "a,b\n1,\n,2\n3,4\n\n \n"):
        assert list(delimited.read(text.encode(), both).numbers["value"].values) == [1.0, 2.0, 3.0]


def test_columns_taken_apart_elsewhere() -> None:
    sheet = delimited.from_columns({"lat": [18.25, None, "x"], "name": [1, None, 2.5]}, choose)
    assert names(sheet) == ["1", "", "2.5"]
    assert list(sheet.numbers["lat"].unreadable) == [False, False, True]


cells = st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.just("")
texts = st.text(
    st.characters(exclude_characters='\r\n"\0,\ufeff<=>|', exclude_categories=("Cs", "Zl", "Zp")), max_size=8
)


@settings(deadline=None)
@given(st.lists(st.tuples(cells, texts), min_size=1, max_size=30))
def test_fast_and_slow_path_agree(rows: list[tuple[str, str]]) -> None:
    body = "".join(f"{lat},{name},x\n" for lat, name in rows)
    clean = read(HEADER + "\n" + body)
    # One broken row at the end sends the same rows down the slow path.
    dirty = read(HEADER + "\n" + body + "1,2\n")
    assert clean.fast
    assert not dirty.fast
    assert names(clean) == names(dirty) == [name.strip() for _, name in rows]
    np.testing.assert_array_equal(clean.numbers["lat"].values, dirty.numbers["lat"].values)
    np.testing.assert_array_equal(clean.numbers["lat"].unreadable, dirty.numbers["lat"].unreadable)
    assert clean.read == dirty.read - 1 == len(rows)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        sheet = delimited.read(data, choose)
    except FileRefused:
        return
    assert len(sheet) + sum(remark.count for remark in sheet.rejected) == sheet.read
