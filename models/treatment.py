"""Who was treated and since when: from sites of intervention to the first season that each tambon was touched.

Reads a table of sites, never the store. A site without a tambon or without a start cannot be measured and is named.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from data.clock import SEASON_END
from data.errors import InputMissing

#: Kinds in the list of sites that watch, study, pay or shelter and do not themselves act on fire. Their effect can be
#: asked for, and the answer says so.
NOT_ACTING = frozenset(
    {
        "agreement", "air_sensor", "clean_air_room", "command_post", "fire_station", "funding", "health_campaign",
        "plan_workshop", "research",
    }
)  # fmt: skip
#: Issues whose sites are meant to change fire or smoke.
FIRE_ISSUES = frozenset({"haze"})


@dataclass(frozen=True)
class Treatment:
    """A measure whose effect is sought.

    Attributes
    ----------
    name : str
        Site, kind or issue asked for.
    scope : str
        ``site``, ``type`` or ``programme``.
    first_season : dict of str to int
        Year of the first season that the measure could touch, by tambon: the earliest of its sites there.
    sites : DataFrame
        The sites that were used.
    left_out : DataFrame
        `site`, `reason` (no_tambon, no_start) of those that could not be.
    acting : bool
        False when no site is of a kind that acts on fire.
    others : int
        Other sites that act on fire in the same tambons: what they do cannot be told apart from it.
    """

    name: str
    scope: str
    first_season: dict[str, int]
    sites: pd.DataFrame
    left_out: pd.DataFrame
    acting: bool
    others: int = 0


def first_season(start: str, year: int | None) -> int | None:
    """Return the first season that a measure could touch.

    A start from January to May touches the season it falls in, a later one that of the next year; where only the year
    is told, the season of that year. A first season touched in part makes an effect look smaller, never larger.

    Parameters
    ----------
    start : str
        ISO day, or "" when not told.
    year : int or None

    Returns
    -------
    int or None
        None when neither is told.
    """
    if start:
        day = dt.date.fromisoformat(start[:10])
        return day.year if (day.month, day.day) <= SEASON_END else day.year + 1
    return year


def treatment(sites: pd.DataFrame, *, site: str = "", kind: str = "", issue: str = "") -> Treatment:
    """Return the treatment that a site, a kind of site or a whole issue is.

    Parameters
    ----------
    sites : DataFrame
        `site`, `kind`, `issue`, `tambon`, `start`, `year` and more, as `data.registry.Registry.sites` gives.
    site, kind, issue : str
        A site alone; or a kind, all sites of it; or an issue, all its sites (with a kind: those of that kind).

    Raises
    ------
    InputMissing
        When no site matches.
    """
    chosen = sites
    for column, wanted in (("site", site), ("kind", kind), ("issue", issue)):
        if wanted:
            chosen = chosen[chosen[column] == wanted]
    name = site or kind or issue
    if chosen.empty or not name:
        raise InputMissing(
            f"no site {name!r} in the list of interventions",
            key="no_site",
            context={"name": name, "known": ", ".join(sorted(set(sites["kind"])))},
            hint="see the list of sites for their numbers and types",
        )
    scope = "site" if site else "type" if kind else "programme"
    starts: dict[str, int] = {}
    used, left = [], []
    for position, row in zip(chosen.index, chosen.to_dict("records"), strict=True):
        year = None if pd.isna(row["year"]) else int(row["year"])
        begun = first_season("" if pd.isna(row["start"]) else str(row["start"]), year)
        if pd.isna(row["tambon"]):
            left.append((row["site"], "no_tambon"))
        elif begun is None:
            left.append((row["site"], "no_start"))
        else:
            code = str(row["tambon"])
            starts[code] = min(begun, starts.get(code, begun))
            used.append(position)
    acts = ~sites["kind"].isin(NOT_ACTING) & sites["issue"].isin(FIRE_ISSUES)
    beside = acts & sites["tambon"].isin(list(starts)) & ~sites.index.isin(chosen.index)
    return Treatment(
        name,
        scope,
        starts,
        chosen.loc[used].reset_index(drop=True),
        pd.DataFrame(left, columns=["site", "reason"]),
        bool(acts[chosen.index].any()),
        int(beside.sum()),
    )
