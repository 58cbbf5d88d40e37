"""What the Danger page and the command line say about fire danger and the chance of fire, worded. Never imports Streamlit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers.words import Lang, say
from models.danger import NO_WEATHER, SETTLING, SETTLING_DAYS
from models.danger_class import CANNOT_TELL, LEVELS, Classes


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


def level_word(lang: Lang, level: str) -> str:
    """Return the word of a class."""
    if level not in (*LEVELS, CANNOT_TELL):
        raise KeyError(level)
    return say(lang, f"danger.level.{level}")
