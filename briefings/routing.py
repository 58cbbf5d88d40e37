"""Who is told of an event, and when: areas, levels, quiet hours, digests, escalation.

Pure: events, messages and recipients in, messages out. Never sends, never words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from briefings.rules import END, RISE, Rule
from data.clock import ICT
from data.registry import Kept
from data.registry.alert_log import NO_RECIPIENT, OVER, QUEUED, SENDING, SENT, Event, Message

#: An event that nobody was told of for so long is history, and so is one that nobody acknowledged.
OPEN = dt.timedelta(days=2)
QUIET_HOURS, DIGEST = "quiet hours", "digest"


@dataclass(frozen=True)
class Recipient:
    """Somebody who is told (`data.registry.tables`, recipients)."""

    id: str
    name: str
    channel: str
    address: str = ""
    tambon: str = ""
    amphoe: str = ""
    province: str = ""
    level: int | None = None
    language: str = ""
    form: str = ""
    quiet_from: int | None = None
    quiet_to: int | None = None
    digest_hours: str = ""
    active: str = ""
    note: str = ""

    def hears_of(self, event: Event) -> bool:
        """Return whether the event is of the recipient's area; one of nowhere is for those of the whole province."""
        if self.tambon:
            return event.tambon == self.tambon
        return not self.amphoe or event.amphoe == self.amphoe


def recipients_of(kept: Mapping[str, Kept]) -> list[Recipient]:
    """Return the recipients of the registry that are switched on, in the order of their ids."""
    found = [Recipient(record, **one.document) for record, one in kept.items()]
    return [one for one in found if one.active != "no"]


def due(recipient: Recipient, at: dt.datetime, *, urgent: bool) -> tuple[dt.datetime, str]:
    """Return when a message may go out (UTC), and what it waits for ("" when for nothing)."""
    if urgent:
        return at, ""
    local, why = at.astimezone(ICT), ""
    hours = [int(hour) for hour in recipient.digest_hours.split(",") if hour.strip()]
    if hours:
        local, why = min(_next(local, hour) for hour in hours), DIGEST
    first, last = recipient.quiet_from, recipient.quiet_to
    if first is not None and last is not None and first != last:
        inside = first <= local.hour < last if first < last else local.hour >= first or local.hour < last
        if inside:
            local, why = _next(local, last), QUIET_HOURS
    return local.astimezone(at.tzinfo), why


def _next(local: dt.datetime, hour: int) -> dt.datetime:
    then = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return then if then > local else then + dt.timedelta(days=1)


def route(
    events: Sequence[Event],
    messages: Iterable[Message],
    rules: Mapping[str, Rule],
    recipients: Sequence[Recipient],
    at: dt.datetime,
) -> tuple[list[Message], list[Message]]:
    """Return the messages that are missing, and those that wait and are not needed any more.

    Parameters
    ----------
    events : sequence of Event
        By number; those of the last `OPEN`.
    messages : iterable of Message
        All of these events.
    rules : mapping of str to Rule
    recipients : sequence of Recipient
    at : datetime
        Now, UTC.
    """
    of: dict[int, list[Message]] = {}
    for message in messages:
        of.setdefault(message.event, []).append(message)
    new: list[Message] = []
    over: list[Message] = []
    for event in events:
        rule = rules.get(event.rule)
        if rule is None or at - event.at > OPEN:
            continue
        mine = of.get(event.number, [])
        if event.change == END:
            if not mine:
                told, dropped = _ended(event, events, of, recipients, at)
                new += told
                over += dropped
        elif not mine:
            new += _level(event, rule, recipients, 1, at) or [_nobody(event, at)]
        elif rule.escalate_minutes and not event.acknowledged_by and not _was_ended(event, events):
            new += _escalated(event, rule, mine, recipients, at)
    return new, over


def _level(event: Event, rule: Rule, recipients: Sequence[Recipient], least: int, at: dt.datetime) -> list[Message]:
    """Return the messages of the lowest level, from `least` up, at which somebody hears of the event."""
    mine = [one for one in recipients if one.hears_of(event) and (one.level or 1) >= least]
    lowest = min(((one.level or 1) for one in mine), default=0)
    made = []
    for one in mine:
        if (one.level or 1) == lowest:
            when, why = due(one, at, urgent=rule.urgent == "yes")
            made.append(Message(event.number, one.id, one.channel, lowest, when, QUEUED, why))
    return made


def _nobody(event: Event, at: dt.datetime) -> Message:
    return Message(event.number, "", "", 0, at, NO_RECIPIENT)


def _escalated(
    event: Event, rule: Rule, mine: Sequence[Message], recipients: Sequence[Recipient], at: dt.datetime
) -> list[Message]:
    top = max(message.level for message in mine)
    last = [message for message in mine if message.level == top]
    arrived = [message.changed_at or event.at for message in last if message.outcome == SENT]
    # Whoever cannot be reached does not hold the alert up; whoever sleeps does.
    if not arrived and any(message.outcome == QUEUED for message in last):
        return []
    since = min(arrived, default=event.at)
    if top == 0 or at - since < dt.timedelta(minutes=rule.escalate_minutes or 0):
        return []
    told = {message.recipient for message in mine}
    return [one for one in _level(event, rule, recipients, top + 1, at) if one.recipient not in told]


def _episode(event: Event, events: Sequence[Event]) -> list[Event]:
    """Return the rises that an end ends."""
    same = [one for one in events if (one.rule, one.subject) == (event.rule, event.subject)]
    ends = [one.number for one in same if one.change == END and one.number < event.number]
    return [one for one in same if one.change == RISE and max(ends, default=0) < one.number < event.number]


def _was_ended(event: Event, events: Sequence[Event]) -> bool:
    same = (one for one in events if (one.rule, one.subject) == (event.rule, event.subject))
    return any(one.change == END and one.number > event.number for one in same)


def _ended(
    event: Event,
    events: Sequence[Event],
    of: Mapping[int, list[Message]],
    recipients: Sequence[Recipient],
    at: dt.datetime,
) -> tuple[list[Message], list[Message]]:
    """Tell the end to whoever was told the beginning; take back a beginning that nobody heard of yet."""
    begun = [message for one in _episode(event, events) for message in of.get(one.number, [])]
    waiting = [message for message in begun if message.outcome == QUEUED]
    told = {message.recipient for message in begun if message.outcome in (SENT, SENDING)}
    new = []
    for one in recipients:
        if one.id in told:
            when, why = due(one, at, urgent=False)
            new.append(Message(event.number, one.id, one.channel, 1, when, QUEUED, why))
    for message in waiting:
        if message.recipient not in told:
            new.append(Message(event.number, message.recipient, message.channel, message.level, at, OVER))
    return new or [_nobody(event, at)], waiting
