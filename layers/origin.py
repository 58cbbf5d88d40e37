"""What the Origin page and the command line say about whose smoke it is, worded. Never imports Streamlit."""

from __future__ import annotations

import pandas as pd

from layers.words import Lang, say, say_day, texts
from models.desk import Desk
from models.origin import BLOWN_IN, BOTH, FEWEST_HOURS, OURS, OWN, REST, TELLING, Origin


def notes(lang: Lang, found: Origin) -> list[str]:
    """Return what a reader of the shares must know: the method, and how many places cannot be told and why."""
    wind = texts(lang).get(f"origin.wind.{found.wind or 'none'}", found.wind)
    told = [say(lang, "origin.method", day=say_day(lang, found.day), wind=wind)]
    by_code = found.table.drop_duplicates("code")
    for verdict, count in by_code["verdict"].value_counts().items():
        if verdict not in TELLING:
            reason = say(lang, f"origin.reason.{verdict}", hours=f"{FEWEST_HOURS:.0f}")
            told.append(say(lang, "origin.cannot", count=count, all=len(by_code), reason=reason))
    return told


def sentence(lang: Lang, found: Origin, code: str, name: str) -> str:
    """Return "ours or blown in?" for one place, in one sentence with its range; or why it cannot be told."""
    mine = found.table[found.table["code"] == code]
    verdict, day = str(mine["verdict"].iloc[0]), say_day(lang, found.day)
    if verdict not in (OURS, BLOWN_IN, BOTH):
        reason = say(lang, f"origin.reason.{verdict}", hours=f"{FEWEST_HOURS:.0f}")
        return say(lang, "origin.sentence_cannot", place=name, day=day, reason=reason)
    shown = {"place": name, "day": day, "own": _percent(mine["ours"].iloc[0])}
    shown |= {"low": _percent(mine["ours_low"].iloc[0]), "high": _percent(mine["ours_high"].iloc[0])}
    return say(lang, f"origin.sentence_{verdict}", **shown)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def area_word(lang: Lang, area: str, desk: Desk) -> str:
    """Return the name of a source area."""
    if area in (OWN, REST):
        place = desk.place.name_th if lang == "th" else desk.place.name_en
        return say(lang, f"origin.area.{area}", place=place)
    if area.startswith("province:"):
        known = desk.all_tambons
        return str(known.loc[known["province"] == area.partition(":")[2], f"province_{lang}"].iloc[0])
    return say(lang, f"origin.area.{area}")


def table(lang: Lang, found: Origin, code: str, desk: Desk) -> pd.DataFrame:
    """Return the shares of one place for a chart: `area`, `share`, `low`, `high` in percent, `ours`; or no rows."""
    mine = found.table[(found.table["code"] == code) & found.table["share"].notna()]
    words = [area_word(lang, area, desk) for area in mine["area"]]
    numbers = {name: 100 * mine[name] for name in ("share", "low", "high")}
    return pd.DataFrame({"area": words, **numbers, "ours": mine["area"].isin([OWN, REST])}).reset_index(drop=True)


def facts(lang: Lang, found: Origin, code: str) -> str:
    """Return how far the air could be followed and how much of its way lies where nothing is stored; "" if unknown."""
    row = found.table[found.table["code"] == code].iloc[0]
    if pd.isna(row["followed_h"]):
        return ""
    return say(lang, "origin.facts", hours=f"{row['followed_h']:.0f}", unseen=f"{100 * row['unseen']:.0f}")
