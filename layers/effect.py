"""What the Effect page shows of an effect: verdict, figures, checks and roles in words, pictures apart.

Never measures, never imports Streamlit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from layers.effect_charts import CONTROL, RING, TREATED
from layers.effect_words import say_reason
from layers.map import map_values
from layers.palette import NO_VALUE_COLOUR, Entry, Legend
from layers.site_words import kind_name
from layers.today import Figure
from layers.words import Lang, say, say_year
from models.desk import Desk
from models.effect import SERVED, Effect
from models.treatment import NOT_ACTING, Treatment
from models.verdict import CANNOT_TELL, FEWER, MORE, NO_DIFFERENCE

VERDICT_COLOURS = {FEWER: "#0f7a6c", MORE: "#b02f2a", NO_DIFFERENCE: "#4a7fb0", CANNOT_TELL: "#8c8a80"}
#: Roles on the map, in the order of their colours.
ROLES = ("treated", "control", "ring", "unmatched", "unusable")
_ROLE_COLOURS = (TREATED, CONTROL, RING, "#7a4a68", "#8c8a80")


@dataclass(frozen=True)
class Page:
    """Everything the Effect page needs, worded."""

    verdict: str
    colour: str
    why: list[str]
    notes: list[str]
    figures: list[Figure]
    methods: pd.DataFrame
    checks: list[str]
    roles: pd.DataFrame
    values: dict[str, Any]
    legend: Legend


def build(desk: Desk, lang: Lang, treatment: Treatment, found: Effect, notes: list[str]) -> Page:
    """Return the page of an effect.

    Parameters
    ----------
    desk : Desk
    lang : str
    treatment : Treatment
    found : Effect
    notes : list of str
        What else must be said beside the verdict.
    """
    own = [] if treatment.acting else [say(lang, "effect.not_acting")]
    if treatment.others:
        own.append(say(lang, "effect.others", sites=treatment.others))
    for reason, count in treatment.left_out["reason"].value_counts().items():
        own.append(say(lang, f"effect.left_out.{reason}", sites=count))
    return Page(
        verdict=say(lang, f"effect.verdict.{found.verdict.code}"),
        colour=VERDICT_COLOURS[found.verdict.code],
        why=[say_reason(lang, reason) for reason in found.verdict.reasons],
        notes=[*notes, *own],
        figures=_figures(lang, found),
        methods=_methods(lang, found),
        checks=_checks(lang, found),
        roles=_roles(desk, lang, found),
        values=_map(desk, lang, found),
        legend=_legend(desk, lang, found),
    )


def _legend(desk: Desk, lang: Lang, found: Effect) -> Legend:
    """Return the roles that tambons have, and that others have none."""
    roles = found.roles["role"]
    entries = [
        Entry(colour, "fill", say(lang, f"effect.role.{role}"))
        for role, colour in zip(ROLES, _ROLE_COLOURS, strict=True)
        if (roles == role).any()
    ]
    if not desk.tambons["tambon"].isin(found.roles["tambon"]).all():
        entries.append(Entry(NO_VALUE_COLOUR, "fill", say(lang, "effect.role.none")))
    return Legend(say(lang, "effect.map"), tuple(entries))


def measures(lang: Lang, sites: pd.DataFrame) -> dict[str, str]:
    """Return what can be measured, code to words: the haze programme, types that act on fire, other types, sites."""
    haze = sites[sites["issue"] == "haze"]
    kinds = sorted(haze["kind"].unique(), key=lambda kind: (kind in NOT_ACTING, kind_name(lang, kind)))
    counted = haze["kind"].value_counts()
    out = {"issue:haze": say(lang, "effect.programme", sites=len(haze))}
    out |= {
        f"type:{kind}": say(lang, "effect.type", kind=kind_name(lang, kind), sites=int(counted[kind])) for kind in kinds
    }
    named = haze[haze["tambon"].notna()].sort_values("site")
    return out | {f"site:{row.site}": f"{row.site} · {getattr(row, f'name_{lang}')}" for row in named.itertuples()}


def percent(value: float) -> str:
    """Return a change as people write it: −30 %, +5 %; an open end as what it is."""
    if math.isnan(value):
        return "–"
    if value == math.inf:
        return "∞"
    return f"{100 * value:+.0f} %".replace("-", "−")


def _figures(lang: Lang, found: Effect) -> list[Figure]:
    row = found.estimates.set_index("estimator").loc[SERVED]
    effect, low, high, p = (float(str(row[name])) for name in ("effect", "low", "high", "p_randomisation"))
    known = not math.isnan(effect)
    between = say(lang, "effect.between", low=percent(low), high=percent(high)) if known else ""
    return [
        Figure(say(lang, "effect.change"), percent(effect), between),
        Figure(say(lang, "effect.p"), f"{p:.3f}" if known else "–", say(lang, "effect.p_note")),
        Figure(say(lang, "effect.compared"), f"{int(str(row['n_treated']))} : {int(str(row['n_control']))}",
               say(lang, "effect.compared_note")),
        Figure(say(lang, "effect.seasons"), str(len(found.seasons)), _span(lang, found)),
    ]  # fmt: skip


def _span(lang: Lang, found: Effect) -> str:
    if not found.seasons:
        return say(lang, "effect.no_season")
    return f"{say_year(lang, int(found.seasons[0]))}–{say_year(lang, int(found.seasons[-1]))}"


def _methods(lang: Lang, found: Effect) -> pd.DataFrame:
    rows = [
        {
            say(lang, "effect.column.method"): say(lang, f"effect.method.{row.estimator}"),
            say(lang, "effect.change"): percent(float(row.effect)),
            say(lang, "effect.column.low"): percent(float(row.low)),
            say(lang, "effect.column.high"): percent(float(row.high)),
            "p": "–" if pd.isna(row.p_randomisation) else f"{row.p_randomisation:.3f}",
            say(lang, "effect.column.verdict"): say(lang, "effect.no_verdict")
            if row.estimator == "before_after"
            else say(lang, f"effect.verdict.{row.verdict}"),
        }
        for row in found.estimates.itertuples()
    ]
    return pd.DataFrame(rows)


def _checks(lang: Lang, found: Effect) -> list[str]:
    told, out = found.checks, []
    if "path_p" in told:
        word = "same" if told["path_p"] >= 0.05 else "apart"
        out.append(say(lang, f"effect.check.path_{word}", p=f"{told['path_p']:.3f}"))
        numbers = {name: percent(told[name]) for name in ("drift", "carried")}
        out.append(say(lang, "effect.check.drift", noticed=f"±{100 * told['drift_noticed']:.0f} %", **numbers))
    if "time_p" in told:
        numbers = {"effect": percent(told["time_effect"]), "p": f"{told['time_p']:.3f}"}
        out.append(say(lang, "effect.check.time", **numbers))
    if "space_low" in told:
        out.append(say(lang, "effect.check.space", low=percent(told["space_low"]), high=percent(told["space_high"])))
    if "ring_p" in told:
        numbers = {"effect": percent(told["ring_effect"]), "low": percent(told["ring_low"])}
        numbers |= {"high": percent(told["ring_high"]), "tambons": f"{told['ring_tambons']:.0f}"}
        out.append(say(lang, "effect.check.ring", p=f"{told['ring_p']:.3f}", **numbers))
    if "fit" in told:
        out.append(say(lang, "effect.check.fit", fit=f"{100 * told['fit']:.0f} %"))
    return out


def _roles(desk: Desk, lang: Lang, found: Effect) -> pd.DataFrame:
    names = desk.tambons.set_index("tambon")
    mine = found.roles[found.roles["tambon"].isin(names.index)]
    return pd.DataFrame(
        {
            say(lang, "column.code"): mine["tambon"].to_numpy(),
            say(lang, "column.tambon"): names[f"tambon_{lang}"].reindex(mine["tambon"]).to_numpy(),
            say(lang, "column.amphoe"): names[f"amphoe_{lang}"].reindex(mine["tambon"]).to_numpy(),
            say(lang, "effect.column.role"): [say(lang, f"effect.role.{role}") for role in mine["role"]],
            say(lang, "effect.column.first"): [
                "" if pd.isna(year) else say_year(lang, int(year)) for year in mine["first_season"]
            ],
        }
    )


def _map(desk: Desk, lang: Lang, found: Effect) -> dict[str, Any]:
    roles = found.roles.set_index("tambon")["role"]
    fills: dict[str, tuple[int | None, str]] = {}
    for code in desk.tambons["tambon"]:
        role = roles.get(code)
        fills[code] = (
            (None, say(lang, "effect.role.none"))
            if role is None
            else (ROLES.index(role), say(lang, f"effect.role.{role}"))
        )
    return map_values(lang=lang, colours=(*_ROLE_COLOURS, NO_VALUE_COLOUR), tambons=fills)


def coverage_table(lang: Lang, coverage: pd.DataFrame) -> pd.DataFrame:
    """Return which seasons are stored whole, and how many days of each satellite, in words."""
    satellites = [name for name in coverage.columns if name not in ("period", "days", "seen", "whole")]
    rows = [
        {
            say(lang, "column.season"): say_year(lang, int(row["period"])),
            **{say(lang, f"satellite.{name}"): f"{row[name]} / {row['days']}" for name in satellites},
            say(lang, "effect.column.seen"): row["seen"],
            say(lang, "effect.column.whole"): say(lang, "effect.yes" if row["whole"] else "effect.no"),
        }
        for row in coverage.to_dict("records")
    ]
    return pd.DataFrame(rows)


def sensitivity_table(lang: Lang, table: pd.DataFrame) -> pd.DataFrame:
    """Return the served estimate over each fixed set of satellites, in words."""
    rows = [
        {
            say(lang, "today.satellites"): say(lang, f"satellites.{row.satellites}"),
            say(lang, "effect.column.verdict"): say(lang, f"effect.verdict.{row.verdict}"),
            say(lang, "effect.seasons"): row.seasons,
            say(lang, "effect.change"): percent(float(row.effect)),
            say(lang, "effect.column.low"): percent(float(row.low)),
            say(lang, "effect.column.high"): percent(float(row.high)),
        }
        for row in table.itertuples()
    ]
    return pd.DataFrame(rows)
