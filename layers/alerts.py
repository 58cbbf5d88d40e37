"""What the Alerts page shows, in words: events with who was told, what was not sent and why, rules and recipients.

Tables and texts only: never imports Streamlit, never evaluates a rule, never sends.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data.errors import HazeError
from data.registry import AlertLog, Kept
from data.registry.alert_log import ACKNOWLEDGED, FAILED, NO_RECIPIENT, OVER, QUEUED, SENDING, SENT, Event, Message
from data.registry.tables import CHANNELS
from data.variables import aqi_class
from layers.words import Lang, say, say_error, say_time
from models.desk import Desk

#: Events shown one by one; older ones are in the table.
CARDS = 12
#: How far back the page looks.
LOOK_BACK = dt.timedelta(days=30)
_OUTCOMES = {
    SENT: "sent", SENDING: "sending", FAILED: "failed", QUEUED: "queued", ACKNOWLEDGED: "acknowledged",
    NO_RECIPIENT: "no_recipient", OVER: "over", "would send": "would_send", "suppressed: already sent": "already",
    "suppressed: hysteresis": "wobble", "suppressed: quiet hours": "quiet", "kept for the digest": "digest",
    "nothing": "nothing", "cannot tell": "cannot_tell",
}  # fmt: skip
_WAITS = {"quiet hours": "quiet", "digest": "digest"}


@dataclass(frozen=True)
class Alerting:
    """What the frame hands in of the part that evaluates and sends, which no layer imports.

    Attributes
    ----------
    words : callable
        Headline and text of an event in a language.
    rehearse : callable
        What would go now, as rows and texts.
    quota : callable
        Limit (None for none) and use of this month at LINE.
    """

    words: Callable[[Lang, Event, Desk], tuple[str, str]]
    rehearse: Callable[[Desk, Lang], tuple[pd.DataFrame, list[str]]]
    quota: Callable[[Desk], tuple[int | None, int]]


@dataclass(frozen=True)
class Card:
    """One event as a person takes it in hand."""

    number: int
    headline: str
    text: str
    when: str
    told: str
    acknowledged: str
    amphoe: str


def cards(lang: Lang, log: AlertLog, desk: Desk, words: Callable[[Lang, Event, Desk], tuple[str, str]]) -> list[Card]:
    """Return the events of the last days, newest first, those in nobody's hand before the others."""
    since = desk.now() - LOOK_BACK
    events = log.events(since=since)
    names = recipient_names(log)
    of: dict[int, list[Message]] = {}
    for message in log.messages(since=since):
        of.setdefault(message.event, []).append(message)
    made = []
    for event in sorted(events.values(), key=lambda one: (bool(one.acknowledged_by), -one.number)):
        headline, text = words(lang, event, desk)
        taken = say(lang, "alerts.acknowledged_by", name=event.acknowledged_by) if event.acknowledged_by else ""
        told = " · ".join(_told(lang, message, names) for message in of.get(event.number, [])) or say(
            lang, "alerts.nobody_yet"
        )
        made.append(Card(event.number, headline, text, say_time(lang, event.at), told, taken, event.amphoe))
    return made


def recipient_names(log: AlertLog) -> dict[str, str]:
    """Return the names of the recipients by id."""
    return {record: str(one.document["name"]) for record, one in log.registry.all("recipients").items()}


def _told(lang: Lang, message: Message, names: Mapping[str, str]) -> str:
    outcome = outcome_words(lang, message.outcome, message.reason)
    if not message.recipient:
        return outcome
    return f"{names.get(message.recipient, message.recipient)} ({channel_words(lang, message.channel)}): {outcome}"


def outcome_words(lang: Lang, outcome: str, reason: str = "") -> str:
    """Return the words of an outcome; what follows its code, the reason of a failure, stays as it is."""
    code, _, more = outcome.partition(": ")
    if outcome in _OUTCOMES:
        code, more = outcome, reason
    if code == QUEUED and reason in _WAITS:
        return say(lang, f"alerts.outcome.{_WAITS[reason]}")
    words = say(lang, f"alerts.outcome.{_OUTCOMES.get(code, 'sending')}")
    return f"{words}: {say_reason(lang, more)}" if more and code not in (SENT, QUEUED) else words


def reason_of(error: HazeError) -> str:
    """Return why something failed as it is kept: key and values of its text, to be read in any language."""
    return json.dumps({"key": error.key, "context": error.context}, ensure_ascii=False, default=str)


def say_reason(lang: Lang, reason: str) -> str:
    """Return the words of a kept reason; one that is no such document stays as it is."""
    if not reason.startswith("{"):
        return reason
    told = json.loads(reason)
    error = HazeError("", context=told["context"])
    error.key = told["key"]
    return say_error(lang, error)


def channel_words(lang: Lang, channel: str) -> str:
    """Return the name of a channel; one of the setting `channels` has its own."""
    return say(lang, f"alerts.channel.{channel}") if channel in CHANNELS else channel


def trail(lang: Lang, log: AlertLog, *, held_back: bool, last: int = 300) -> pd.DataFrame:
    """Return the decisions, newest first; only what was not sent, with the reason, when `held_back`."""
    table = log.trail(last)
    if held_back:
        waiting = (table["outcome"] == QUEUED) & (table["reason"] != "")
        kept = table["outcome"].str.startswith("suppressed") | (table["outcome"] == FAILED) | waiting
        table = table[kept | ((table["outcome"] == SENDING) & (table["reason"] != ""))]
    names = recipient_names(log)
    who = table["recipient"].map(names).fillna(table["recipient"])
    return pd.DataFrame(
        {
            say(lang, "alerts.when"): [say_time(lang, at.to_pydatetime()) for at in table["at"]],
            say(lang, "alerts.number"): table["event"],
            say(lang, "alerts.outcome_title"): [
                outcome_words(lang, outcome, reason)
                for outcome, reason in zip(table["outcome"], table["reason"], strict=True)
            ],
            say(lang, "alerts.who"): who.where(who != "", table["author"]),
            say(lang, "alerts.channel_title"): [channel_words(lang, one) if one else "" for one in table["channel"]],
        }
    ).reset_index(drop=True)


def rehearsed(lang: Lang, table: pd.DataFrame, areas: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows of a rehearsal in words, what would come of each first: a phone shows two columns."""
    return pd.DataFrame(
        {
            say(lang, "alerts.rule"): table["rule"],
            say(lang, "alerts.outcome_title"): [outcome_words(lang, one) for one in table["outcome"]],
            say(lang, "field.place"): [areas.get(code, code) for code in table["place"]],
            say(lang, "alerts.who"): table["recipient"],
            say(lang, "alerts.channel_title"): [channel_words(lang, one) if one else "" for one in table["channel"]],
            say(lang, "alerts.event"): table["headline"],
        }
    )


def rules(lang: Lang, kept: Mapping[str, Kept], areas: Mapping[str, str], sites: Mapping[str, str]) -> pd.DataFrame:
    """Return the rules as a list, in the order given."""
    documents = [one.document for one in kept.values()]
    return pd.DataFrame(
        {
            say(lang, "alerts.rule"): [one["name"] for one in documents],
            say(lang, "field.watches"): [say(lang, f"watches.{one['watches']}") for one in documents],
            say(lang, "field.place"): [_place(lang, one, areas, sites) for one in documents],
            say(lang, "alerts.threshold"): [threshold(lang, one) for one in documents],
            say(lang, "field.urgent"): [_yes(lang, one["urgent"] == "yes") for one in documents],
            say(lang, "field.active"): [_yes(lang, one["active"] != "no") for one in documents],
        }
    )


def recipients(lang: Lang, kept: Mapping[str, Kept], areas: Mapping[str, str]) -> pd.DataFrame:
    """Return the recipients as a list, in the order given; addresses are for those who may write them."""
    documents = [one.document for one in kept.values()]
    return pd.DataFrame(
        {
            say(lang, "field.name"): [one["name"] for one in documents],
            say(lang, "alerts.channel_title"): [channel_words(lang, one["channel"]) for one in documents],
            say(lang, "field.address"): [one["address"] for one in documents],
            say(lang, "field.place"): [_place(lang, one, areas, {}) for one in documents],
            say(lang, "field.level"): [one["level"] or 1 for one in documents],
            say(lang, "alerts.hours"): [_hours(lang, one) for one in documents],
            say(lang, "field.active"): [_yes(lang, one["active"] != "no") for one in documents],
        }
    )


def _place(lang: Lang, document: Mapping[str, Any], areas: Mapping[str, str], sites: Mapping[str, str]) -> str:
    code = document["tambon"] or document["amphoe"] or document["province"]
    if document.get("site"):
        place = sites.get(document["site"], document["site"])
    elif document.get("geometry"):
        place = say(lang, "alerts.own_place")
    else:
        place = areas.get(code, code) or say(lang, "alerts.everywhere")
    km = document.get("within_km")
    return f"{place} · {km:g} {say(lang, 'alerts.km')}" if km else place


def threshold(lang: Lang, document: Mapping[str, Any]) -> str:
    """Return the threshold of a rule in words, "" where it has none."""
    parts = []
    if document["least_rai"]:
        parts.append(say(lang, "alerts.from_rai", rai=f"{document['least_rai']:,.0f}"))
    if document["aqi_class"]:
        parts.append(say(lang, "alerts.from_class", words=class_words(lang, document["aqi_class"])))
    if document["danger_class"]:
        parts.append(say(lang, "alerts.from_class", words=say(lang, f"danger.level.{document['danger_class']}")))
    if document["land_class"]:
        parts.append(say(lang, f"land.{document['land_class']}"))
    if document["source"]:
        parts.append(document["source"])
    if document["escalate_minutes"]:
        parts.append(say(lang, "alerts.escalates", minutes=document["escalate_minutes"]))
    return " · ".join(parts)


def class_words(lang: Lang, number: int) -> str:
    """Return a class of the index with the concentration at which it begins."""
    kind = aqi_class(number)
    return f"{kind.label_th if lang == 'th' else kind.label_en} ({kind.low:g}+)"


def _hours(lang: Lang, document: Mapping[str, Any]) -> str:
    parts = []
    if document["quiet_from"] is not None:
        parts.append(say(lang, "alerts.quiet", first=document["quiet_from"], last=document["quiet_to"]))
    if document["digest_hours"]:
        parts.append(say(lang, "alerts.digest_at", hours=document["digest_hours"]))
    return " · ".join(parts)


def _yes(lang: Lang, holds: bool) -> str:
    return say(lang, "alerts.yes" if holds else "alerts.no")


def sites_of(lang: Lang, table: pd.DataFrame) -> dict[str, str]:
    """Return the sites that have a place, by id."""
    placed = table[table["geometry"].notna() | table["tambon"].notna()]
    return dict(zip(placed["site"], placed[f"name_{lang}"], strict=True))


def channels_of(desk: Desk) -> Sequence[str]:
    """Return the channels that a recipient may have."""
    return [*CHANNELS, *sorted(desk.settings.channels)]
