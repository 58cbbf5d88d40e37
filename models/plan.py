"""The plan's display: what is done, with whom and to which end, by issue, area and milestone, and what is missing.

Counts what the registry holds and never takes an empty entry for "none": a budget that was not seen stays unknown.
Links to milestones that no source states are counted as inferred. The physical signal beside it is in
`models.plan_signal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.registry import Registry
from data.registry.tables import CRITERIA, ISSUES, PLANNED
from models.desk import Desk

#: By what the display can be laid out.
LEVELS = ("issue", "province", "amphoe", "tambon", "milestone")


@dataclass(frozen=True)
class Programme:
    """What the registry holds about a place.

    Attributes
    ----------
    sites : DataFrame
        From `Registry.sites`.
    organisations, research, plan_links, targets : DataFrame
        From `Registry.listed`, of these sites alone.
    milestones : DataFrame
        From `Registry.table`.
    """

    sites: pd.DataFrame
    organisations: pd.DataFrame
    research: pd.DataFrame
    plan_links: pd.DataFrame
    targets: pd.DataFrame
    milestones: pd.DataFrame


def programme(registry: Registry, desk: Desk) -> Programme:
    """Return what the registry holds about the desk's place."""
    sites = registry.sites(place=desk.place)
    mine = set(sites["site"])
    lists = {name: registry.listed("sites", name) for name in ("organisations", "research", "plan_links", "targets")}
    held = {name: table[table["record"].isin(mine)].reset_index(drop=True) for name, table in lists.items()}
    return Programme(sites=sites, milestones=registry.table("milestones"), **held)


def display(known: Programme, by: str, tambons: pd.DataFrame) -> pd.DataFrame:
    """Return the plan by one of `LEVELS`, areas and milestones without any activity with zeros.

    Parameters
    ----------
    known : Programme
    by : str
    tambons : DataFrame
        Of the place, in `data.contracts.TAMBON_COLUMNS`.

    Returns
    -------
    DataFrame
        `code` ("" for activities that are not of one tambon or amphoe, or serve no milestone), `activities`, `planned`
        (of them proposed or approved), `ended`, `budget_thb` (sum of the known ones, missing when none is known),
        `budget_known` (of how many), `partners` (different organisations), `research` (research outputs in use),
        `targets`, `targets_met`, `targets_open` (no actual yet), `lessons`, `inferred` (activities whose link to a
        milestone no source states). Ordered by code. An activity of two milestones counts in both.
    """
    if by not in LEVELS:
        raise ValueError(f"by: expected one of {', '.join(LEVELS)}, got {by!r}")
    where = _codes(known, by)
    codes = _expected(known, by, tambons)
    codes += sorted(set(where["code"]) - set(codes))
    joined = where.merge(known.sites, left_on="record", right_on="site", how="inner")
    grouped = joined.groupby("code")
    table = pd.DataFrame(index=pd.Index(codes, name="code"))
    table["activities"] = grouped.size()
    table["planned"] = joined["state"].isin(PLANNED).groupby(joined["code"]).sum()
    table["ended"] = (joined["state"] == "ended").groupby(joined["code"]).sum()
    table["budget_known"] = grouped["budget_thb"].count()
    table["partners"] = where.merge(known.organisations, on="record").groupby("code")["name"].nunique()
    table["research"] = where.merge(known.research, on="record").groupby("code").size()
    targets = where.merge(known.targets[known.targets["target"].notna()], on="record")
    table["targets"] = targets.groupby("code").size()
    table["targets_met"] = (targets["actual"] >= targets["target"]).groupby(targets["code"]).sum()
    table["targets_open"] = targets["actual"].isna().groupby(targets["code"]).sum()
    table["lessons"] = grouped["lessons"].sum()
    table["inferred"] = grouped["milestones_inferred"].sum()
    whole = table.fillna(0).astype("int64")
    whole.insert(3, "budget_thb", grouped["budget_thb"].sum(min_count=1).reindex(whole.index))
    return whole.reset_index()


def _codes(known: Programme, by: str) -> pd.DataFrame:
    """Return which activity stands in which row: `record`, `code`."""
    sites = known.sites
    if by == "milestone":
        links = known.plan_links[known.plan_links["milestone"].notna()]
        served = pd.DataFrame({"record": links["record"], "code": _milestone(links["milestone"])}).drop_duplicates()
        none = sites.loc[~sites["site"].isin(served["record"]), "site"]
        return pd.concat([served, pd.DataFrame({"record": none, "code": ""})], ignore_index=True)
    return pd.DataFrame({"record": sites["site"], "code": sites[by].fillna("").astype("str")})


def _milestone(numbers: pd.Series) -> pd.Series:
    return numbers.astype("int64").map("{:02d}".format)


def _expected(known: Programme, by: str, tambons: pd.DataFrame) -> list[str]:
    if by == "issue":
        return list(ISSUES)
    if by == "milestone":
        return sorted(_milestone(known.milestones["number"].dropna()))
    return sorted(str(code) for code in tambons[by].unique())


def acted(known: Programme) -> pd.Series:
    """Return the number of activities against haze that were carried out, by tambon; those without one are left out."""
    sites = known.sites
    done = sites[(sites["issue"] == "haze") & ~sites["state"].isin(PLANNED) & sites["tambon"].notna()]
    return done.groupby("tambon").size()


def named(table: pd.DataFrame, by: str, known: Programme, tambons: pd.DataFrame) -> pd.DataFrame:
    """Return a display with `name_th` and `name_en` of its codes after the code; issues have no names here."""
    if by == "milestone":
        names = known.milestones.dropna(subset="number").set_index(_milestone(known.milestones["number"].dropna()))
        told = {f"name_{lang}": names[f"name_{lang}"] for lang in ("th", "en")}
    elif by == "issue":
        told = {}
    else:
        areas = tambons.drop_duplicates(by).set_index(by)
        told = {f"name_{lang}": areas[f"{by}_{lang}"] for lang in ("th", "en")}
    shown = table.copy()
    for number, (column, values) in enumerate(told.items(), start=1):
        shown.insert(number, column, shown["code"].map(values).astype("object").fillna("").astype("str"))
    return shown


def links(known: Programme, tambon: str) -> pd.DataFrame:
    """Return the four links of a tambon: what is there and what is missing.

    Parameters
    ----------
    known : Programme
    tambon : str
        Six digits; sites for its whole amphoe do not count as its own.

    Returns
    -------
    DataFrame, 4 rows
        `link` (in the partners' order: ``research``, ``partners``, ``strategy``, ``display``), `there` (number of:
        research outputs in use, organisations, links to milestones or a strategy, targets with an actual), `inferred`
        (of the links to the strategy, those no source states), `missing` (what would make the link whole:
        ``research``, ``partners``, ``mechanism`` when no organisation says through which mechanism it acts,
        ``strategy``, ``stated`` when all links are inferred, ``targets``, ``actuals``; "" when nothing is).
    """
    own = set(known.sites.loc[known.sites["tambon"] == tambon, "site"])
    of = {
        name: table[table["record"].isin(own)]
        for name, table in (
            ("research", known.research),
            ("partners", known.organisations),
            ("strategy", known.plan_links),
            ("targets", known.targets[known.targets["target"].notna()]),
        )
    }
    inferred = int((of["strategy"]["basis"] != "stated").sum())
    actuals = int(of["targets"]["actual"].notna().sum())
    rows = [
        ("research", len(of["research"]), 0, "" if len(of["research"]) else "research"),
        ("partners", of["partners"]["name"].nunique(), 0, _missing_partners(of["partners"])),
        ("strategy", len(of["strategy"]), inferred, _missing_strategy(len(of["strategy"]), inferred)),
        ("display", actuals, 0, "targets" if of["targets"].empty else "" if actuals else "actuals"),
    ]
    return pd.DataFrame(rows, columns=["link", "there", "inferred", "missing"])


def _missing_partners(organisations: pd.DataFrame) -> str:
    if organisations.empty:
        return "partners"
    return "" if (organisations["mechanism"] != "").any() else "mechanism"


def _missing_strategy(count: int, inferred: int) -> str:
    if not count:
        return "strategy"
    return "stated" if inferred == count else ""


def criteria(registry: Registry, tambons: Sequence[str]) -> pd.DataFrame:
    """Return the partners' three choosing criteria for tambons, in the order of the tambons.

    Returns
    -------
    DataFrame
        `tambon`; for each of `CRITERIA` its mark (met, partly, not_met, or "" when nobody marked it); `marked` (how
        many of the three), `met`, `pilot` (True when a user marked the tambon so, with a source).
    """
    marks = registry.table("criteria")
    table = pd.DataFrame({"tambon": list(tambons)}, dtype="str")
    for criterion in CRITERIA:
        mine = marks[marks["criterion"] == criterion].drop_duplicates("tambon", keep="last").set_index("tambon")["mark"]
        table[criterion] = table["tambon"].map(mine).astype("object").fillna("").astype("str")
    given = table[list(CRITERIA)]
    table["marked"] = (given != "").sum(axis=1)
    table["met"] = (given == "met").sum(axis=1)
    return table.assign(pilot=np.isin(table["tambon"], registry.table("pilots")["tambon"]))


def sheet(registry: Registry, tambon: str) -> pd.DataFrame:
    """Return the criteria sheet of a tambon: three rows, unmarked ones with empty texts.

    Returns
    -------
    DataFrame
        `criterion`, `mark`, `evidence`, `source_url`, `author`, `at` (UTC, missing where unmarked), `record`,
        `version`.
    """
    marks = registry.table("criteria")
    mine = marks[marks["tambon"] == tambon].drop_duplicates("criterion", keep="last").set_index("criterion")
    table = mine.reindex(pd.Index(CRITERIA, name="criterion")).reset_index()
    names = {"changed_by": "author", "changed_at": "at", "id": "record"}
    table = table.rename(columns=names)[
        ["criterion", "mark", "evidence", "source_url", "author", "at", "record", "version"]
    ]
    texts = ["mark", "evidence", "source_url", "author", "record"]
    table[texts] = table[texts].astype("object").fillna("").astype("str")
    table["version"] = table["version"].fillna(0).astype("int64")
    return table
