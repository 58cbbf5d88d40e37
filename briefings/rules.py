"""What an officer set to be alerted of: the rules of the registry as values, and the one that stands by itself.

Never judges (`briefings.look`), never says where or what a rule finds (`briefings.findings`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data.registry import Kept

#: The changes of a state that are told.
RISE, END = "rise", "end"


@dataclass(frozen=True)
class Rule:
    """A rule of the registry (`data.registry.tables`, alert_rules); a text that was not filled in is ""."""

    id: str
    name: str
    watches: str
    tambon: str = ""
    amphoe: str = ""
    province: str = ""
    site: str = ""
    geometry: str = ""
    within_km: float | None = None
    land_class: str = ""
    least_rai: float | None = None
    aqi_class: int | None = None
    danger_class: str = ""
    source: str = ""
    escalate_minutes: int | None = None
    urgent: str = ""
    active: str = ""
    note: str = ""


#: The rule that stands without anybody's setting: the desk itself stopped.
WATCH = Rule("watch", "watch", "desk_stopped")


def rules_of(kept: Mapping[str, Kept]) -> list[Rule]:
    """Return the rules of the registry that are switched on, in the order of their ids."""
    rules = [Rule(record, **one.document) for record, one in kept.items()]
    return [rule for rule in rules if rule.active != "no"]
