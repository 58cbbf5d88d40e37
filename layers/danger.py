"""What the command line and the Danger page say about fire danger and the chance of fire: bases, gaps, records.

Sentences alone, so that a command need not load maps. Never imports Streamlit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.bans import Bans
from data.clock import buddhist_year
from layers.words import Lang, say, say_day
from models.danger import NO_WEATHER, SETTLING, SETTLING_DAYS
from models.danger_class import Classes
from models.likelihood import History
from models.likelihood_record import Chances


def notes(lang: Lang, table: pd.DataFrame, classes: Classes) -> list[str]:
    """Return what a reader of a table of `models.danger.daily_danger` must know: the basis, and what cannot be told."""
    told = [basis(lang, classes)]
    state = table["state"]
    for name, key in ((NO_WEATHER, "danger.no_weather"), (SETTLING, "danger.settling")):
        if count := int((state == name).sum()):
            told.append(say(lang, key, count=f"{count:,}", all=f"{len(table):,}", days=SETTLING_DAYS))
    return told


def basis(lang: Lang, classes: Classes) -> str:
    """Return in one sentence what the limits of the classes rest on."""
    limits = [f"{limit:.1f}" for limit in classes.limits if np.isfinite(limit)]
    words = {"limits": " / ".join(limits), "days": classes.fire_days, "fires": f"{classes.fire_tambon_days:,}"}
    words |= {"all": f"{classes.tambon_days:,}", "satellites": say(lang, f"satellites.{classes.satellites}")}
    return say(lang, f"danger.basis_{classes.basis}", **words)


def chance_notes(lang: Lang, made: Chances, card: pd.DataFrame) -> list[str]:
    """Return what a reader of chances must know: the method and its record, or why nothing can be told."""
    days = {"day": say_day(lang, made.day), "until": say_day(lang, made.known_until)}
    if made.state == "not_stored":
        return [say(lang, "chance.not_stored", **days)]
    told = [say(lang, f"chance.by_{made.method}", **days)]
    if made.state == "no_probability":
        told.append(say(lang, "chance.no_probability", fires=made.learned_from))
    told.append(record_sentence(lang, card))
    return told


def bans_sentence(lang: Lang, bans: Bans) -> str:
    """Return which burn bans the learned model knows and where from."""
    years = ", ".join(str(buddhist_year(year) if lang == "th" else year) for year in bans.years)
    return say(lang, f"chance.bans_{bans.source}", years=years)


def record_sentence(lang: Lang, card: pd.DataFrame) -> str:
    """Return the record of the served method on unseen seasons in one sentence; or that there is none."""
    mine = card[card["served"].astype(bool) & (card["season"] == "all")]
    if mine.empty:
        return say(lang, "chance.no_record")
    one = mine.iloc[0]
    seasons = sorted(set(card["season"]) - {"all"})
    words = {"method": say(lang, f"chance.method.{one['method']}"), "auc": f"{one['auc']:.2f}"}
    words |= {"caught": f"{100 * one['top10_caught']:.0f}", "skill": f"{100 * one['brier_skill']:.0f}"}
    words |= {"n": f"{one['n']:,}", "fires": f"{one['fires']:,}"}
    span = [buddhist_year(int(s)) if lang == "th" else int(s) for s in (seasons[0], seasons[-1])]
    return say(lang, "chance.record", **words, first=span[0], last=span[1])


def verified(lang: Lang, card: pd.DataFrame, past: History) -> str:
    """Return what a report card was made from."""
    if card.empty:
        return say(lang, "chance.no_record")
    return say(lang, "chance.verified", satellites=say(lang, f"satellites.{past.satellites}"))
