"""Tambons alike in words: where they lie, how near they come, and in what they differ.

Likeness is a reason to look, no proof that a lesson holds. Never imports Streamlit, never measures.
"""

from __future__ import annotations

import math

import pandas as pd

from layers.words import Lang, say
from models.lookalikes import TOLD

#: Features that are shares, shown in per cent.
_SHARES = frozenset({"forest_share"})


def table(lang: Lang, found: pd.DataFrame, features: pd.DataFrame, tambon: str, names: pd.DataFrame) -> pd.DataFrame:
    """Return the look-alikes of a tambon with what differs, in words.

    Parameters
    ----------
    found : DataFrame
        From `models.lookalikes.look_alikes`.
    features : DataFrame
        From `models.choice.features`.
    tambon : str
    names : DataFrame
        Tambon columns, for the names.
    """
    known = names.set_index("tambon")
    rows = [
        {
            say(lang, "column.tambon"): known.at[code, f"tambon_{lang}"],
            say(lang, "column.amphoe"): known.at[code, f"amphoe_{lang}"],
            say(lang, "alike.province"): known.at[code, f"province_{lang}"],
            say(lang, "alike.distance"): f"{distance:.2f}",
            say(lang, "alike.differences"): differences(lang, features, tambon, code, row),
        }
        for code, distance, row in zip(found["tambon"], found["distance"], found.to_dict("records"), strict=True)
    ]
    return pd.DataFrame(rows)


def differences(lang: Lang, features: pd.DataFrame, tambon: str, other: str, row: dict[str, float]) -> str:
    """Return in what another tambon differs from one, each with both numbers; and what is not known of it."""
    told, unknown = [], []
    for name in features.columns:
        ours, theirs = float(features.at[tambon, name]), float(features.at[other, name])
        if math.isnan(ours):
            continue
        if math.isnan(theirs):
            unknown.append(say(lang, f"alike.{name}"))
            continue
        away = float(row.get(f"differs_{name}", math.nan))
        if abs(away) >= TOLD:
            word = "alike.more" if away > 0 else "alike.less"
            numbers = {"theirs": _number(name, theirs), "ours": _number(name, ours)}
            told.append(say(lang, word, feature=say(lang, f"alike.{name}"), **numbers))
    text = "; ".join(told) if told else say(lang, "alike.nothing")
    return f"{text}; {say(lang, 'alike.unknown', features=', '.join(unknown))}" if unknown else text


def _number(name: str, value: float) -> str:
    if name in _SHARES:
        return f"{100 * value:.0f} %"
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:,.1f}"
