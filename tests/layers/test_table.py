"""Tables on a page: what is not known is a dash, and the numbers of a column are written alike."""

from __future__ import annotations

import pandas as pd

from layers.table import number_formats


def written(values: list[object], dtype: object = None) -> object:
    told = number_formats(pd.DataFrame({"a": pd.Series(values, dtype=dtype)}))
    return told["a"]["type_config"]["format"] if "a" in told else None


def test_a_column_has_the_decimals_of_its_longest_number() -> None:
    assert written([0.9, 0.93, 0.4]) == "%.2f"
    assert written([27.0, 12.9]) == "%.1f"
    assert written([18.0, 18.50001]) == "%.5f"


def test_whole_numbers_have_their_thousands_apart_known_or_not() -> None:
    assert written([71548, 3]) == "localized"
    assert written([71548.0, None]) == "localized"
    assert written([12, None], "Int64") == "localized"
    assert written([None, None], "float64") == "localized"


def test_endless_decimals_end() -> None:
    assert written([1 / 3, 0.5]) == "%.5f"


def test_words_and_ticks_are_left_alone() -> None:
    assert written(["2569", "–"]) is None
    assert written([True, False]) is None
