"""One look at the rules of alerts: findings against what the last look left, changes of state out.

Pure. A change has a key made of what it is, so that a look repeated finds nothing new; a value that wobbles at its edge
changes nothing (`watched.MARGIN`). Never reads a store, never words, never sends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from briefings.findings import FINDS, Finding, target
from briefings.rules import END, RISE, Rule
from briefings.watched import FIRE_RULES, Watched
from data.errors import HazeError, InputMissing, TooLittleData
from data.registry.alert_log import Event, State

#: What came of a look at one subject, where it is no change.
ALREADY, WOBBLE, QUIET, UNKNOWN = "suppressed: already sent", "suppressed: hysteresis", "nothing", "cannot tell"
_NO_PLACE = InputMissing("the place of a rule is not known", key="alert_no_place")
_NO_DATA = TooLittleData("no data new enough", key="alert_no_data")


@dataclass(frozen=True)
class Looked:
    """One look at a rule: what it found (None when it cannot be told or there was nothing to look at), and the verdict.

    `event` is there for ``rise`` and ``end``, `why` for ``cannot tell``.
    """

    rule: Rule
    verdict: str
    finding: Finding | None = None
    event: Event | None = None
    why: HazeError | None = None


def look(
    rules: Sequence[Rule], watched: Watched, states: Mapping[tuple[str, str], State]
) -> tuple[list[Looked], dict[tuple[str, str], State]]:
    """Judge all rules at one moment.

    Parameters
    ----------
    rules : sequence of Rule
    watched : Watched
    states : mapping
        What the last look left, by rule and subject.

    Returns
    -------
    looked : list of Looked
        At least one for each rule.
    after : dict
        States that changed.
    """
    looked: list[Looked] = []
    after: dict[tuple[str, str], State] = {}
    for rule in rules:
        where = target(rule, watched)
        if where is None:
            looked.append(Looked(rule, UNKNOWN, why=_NO_PLACE))
            continue
        if rule.watches in watched.missing:
            looked.append(Looked(rule, UNKNOWN, why=watched.missing[rule.watches]))
            continue
        found = list(FINDS[rule.watches](rule, where, watched))
        if not found and rule.watches not in FIRE_RULES and rule.watches != "pm25_forecast":
            looked.append(Looked(rule, UNKNOWN, why=_NO_DATA))
            continue
        judged = [_judged(finding, states, watched.at, after) for finding in found]
        told = [one for one in judged if one.verdict != QUIET]
        looked += told or [Looked(rule, QUIET)]
    return looked, after


def _judged(
    finding: Finding,
    states: Mapping[tuple[str, str], State],
    at: dt.datetime,
    after: dict[tuple[str, str], State],
) -> Looked:
    rule, names = finding.rule, [finding.subject, *finding.former]
    before = max((states[rule.id, name].level for name in names if (rule.id, name) in states), default=0)
    level = finding.rises_to if finding.rises_to > before else min(before, max(finding.stays_at, finding.rises_to))
    own = states.get((rule.id, finding.subject))
    if own is None or own.level != level:
        after[rule.id, finding.subject] = State(level, finding.data_at)
    if level > before:
        return Looked(rule, RISE, finding, _event(finding, RISE, level, at))
    if level == 0 and before:
        return Looked(rule, END, finding, _event(finding, END, before, at))
    if level == 0:
        return Looked(rule, QUIET, finding)
    return Looked(rule, ALREADY if finding.rises_to >= before else WOBBLE, finding)


def _event(finding: Finding, change: str, level: int, at: dt.datetime) -> Event:
    parts = [finding.rule.id, finding.subject, change, str(level)]
    if finding.rule.watches not in FIRE_RULES:
        # A fire passes each level once; other things come back, and then it is another event.
        parts.append(finding.data_at.strftime("%Y%m%dT%H%MZ"))
    facts = {**finding.facts, "level": level, "data_at": finding.data_at.isoformat()}
    facts |= {"rule": finding.rule.name, "watches": finding.rule.watches}
    return Event("|".join(parts), finding.rule.id, finding.subject, change, at, finding.tambon, finding.amphoe, facts)
