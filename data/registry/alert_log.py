"""What alerts have seen and sent: states, events, messages, deliveries, and the trail of every decision.

Keeps and hands back; what is decided in one run is kept in one transaction. Never decides what is worth an alert, never
sends, never holds a key of a channel.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import sqlalchemy as sa

from data.accounts import Author
from data.clock import UTC
from data.errors import Locked, NotStored
from data.registry.alert_tables import ALERT_TRAIL, DELIVERIES, EVENTS, MESSAGES, STATES
from data.registry.registry import Registry, allow
from data.registry.tables import KINDS

#: Outcomes of a message. Queued and sending are on the way; the others are final.
QUEUED, SENDING, SENT, FAILED = "queued", "sending", "sent", "failed"
#: Not sent, and why: nobody to send to; over before quiet hours or the digest's hour came.
NO_RECIPIENT, OVER = "suppressed: no recipient", "suppressed: over before it was due"
ACKNOWLEDGED = "acknowledged"
#: Key of PostgreSQL's lock under which one run of the alerts works at a time.
_ALONE = 520_006


@dataclass(frozen=True)
class State:
    """The level at which a subject stands under a rule, and since which moment of the data (UTC)."""

    level: int
    since: dt.datetime


@dataclass(frozen=True)
class Event:
    """A change of state worth a message.

    Attributes
    ----------
    key : str
        What it is; the same change has the same key, whoever sees it and how often.
    rule, subject : str
    change : str
        ``rise`` or ``end``.
    at : datetime
        When it was seen, UTC.
    tambon, amphoe : str
        Where, "" when nowhere in particular.
    facts : mapping
        Everything its text says, plain enough for JSON.
    number : int
        Given by the log; 0 before.
    acknowledged_by : str
    """

    key: str
    rule: str
    subject: str
    change: str
    at: dt.datetime
    tambon: str
    amphoe: str
    facts: Mapping[str, Any]
    number: int = 0
    acknowledged_by: str = ""


@dataclass(frozen=True)
class Message:
    """An event on its way to a recipient."""

    event: int
    recipient: str
    channel: str
    level: int
    due_at: dt.datetime
    outcome: str = QUEUED
    reason: str = ""
    changed_at: dt.datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """A parcel: its id names it to the channel, so that one that arrived already is known there."""

    id: str
    recipient: str
    channel: str
    content: Mapping[str, Any]
    next_at: dt.datetime
    attempts: int = 0
    outcome: str = SENDING
    problem: str = ""
    events: Sequence[int] = field(default=())


def _bare(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _aware(moment: dt.datetime | None) -> dt.datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


class AlertLog:
    """The log of alerts in the registry's database."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    @contextlib.contextmanager
    def alone(self, seconds: float, busy: Locked) -> Iterator[None]:
        """Hold PostgreSQL's lock of one run of the alerts at a time, for desks on several machines; raise `busy`.

        A SQLite file is on one machine, where a lock of the store does.
        """
        if self.registry.engine.dialect.name != "postgresql":
            yield
            return
        with self.registry.engine.connect() as connection:
            until = time.monotonic() + seconds
            while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_ALONE))):
                if time.monotonic() > until:
                    raise busy
                time.sleep(0.2)
            # Nothing is open meanwhile but the lock, which belongs to the connection and goes with it.
            connection.commit()
            try:
                yield
            finally:
                connection.scalar(sa.select(sa.func.pg_advisory_unlock(_ALONE)))
                connection.commit()

    # -- reading ------------------------------------------------------------------------------------------------

    def states(self) -> dict[tuple[str, str], State]:
        """Return the state of each rule and subject that ever left calm."""
        with self.registry.reading() as connection:
            rows = connection.execute(sa.select(STATES)).all()
        return {(row.rule, row.subject): State(row.level, row.since.replace(tzinfo=UTC)) for row in rows}

    def events(self, numbers: Iterable[int] | None = None, *, since: dt.datetime | None = None) -> dict[int, Event]:
        """Return events by number, all, some, or those seen since a moment."""
        query = sa.select(EVENTS).order_by(EVENTS.c.number)
        if numbers is not None:
            query = query.where(EVENTS.c.number.in_(list(numbers)))
        if since is not None:
            query = query.where(EVENTS.c.at >= _bare(since))
        with self.registry.reading() as connection:
            rows = connection.execute(query).all()
        return {row.number: _event(row) for row in rows}

    def messages(self, *outcomes: str, since: dt.datetime | None = None) -> list[Message]:
        """Return messages, of some outcomes or all, by event and recipient; `since` looks at the last change."""
        query = sa.select(MESSAGES).order_by(MESSAGES.c.event, MESSAGES.c.level, MESSAGES.c.recipient)
        if outcomes:
            query = query.where(MESSAGES.c.outcome.in_(outcomes))
        if since is not None:
            query = query.where(MESSAGES.c.changed_at >= _bare(since))
        with self.registry.reading() as connection:
            rows = connection.execute(query).all()
        return [
            Message(
                row.event,
                row.recipient,
                row.channel,
                row.level,
                row.due_at.replace(tzinfo=UTC),
                row.outcome,
                row.reason,
                _aware(row.changed_at),
            )
            for row in rows
        ]

    def unfinished(self) -> list[Delivery]:
        """Return the deliveries that a run began and nobody recorded the end of, and those to be tried again."""
        query = sa.select(DELIVERIES).where(DELIVERIES.c.outcome == SENDING).order_by(DELIVERIES.c.id)
        with self.registry.reading() as connection:
            rows = connection.execute(query).all()
            held = connection.execute(sa.select(MESSAGES.c.delivery, MESSAGES.c.event)).all() if rows else []
        events: dict[str, list[int]] = {}
        for name, event in held:
            events.setdefault(name, []).append(event)
        return [
            Delivery(
                row.id,
                row.recipient,
                row.channel,
                json.loads(row.content),
                row.next_at.replace(tzinfo=UTC),
                row.attempts,
                row.outcome,
                row.problem,
                tuple(events.get(row.id, ())),
            )
            for row in rows
        ]

    def trail(self, last: int = 500) -> pd.DataFrame:
        """Return the newest decisions, newest first.

        Returns
        -------
        DataFrame
            `entry`, `at` (UTC), `event` (Int64), `rule`, `recipient`, `channel`, `outcome`, `reason`, `author`.
        """
        query = sa.select(ALERT_TRAIL).order_by(ALERT_TRAIL.c.entry.desc()).limit(last)
        with self.registry.reading() as connection:
            result = connection.execute(query)
            table = pd.DataFrame([tuple(row) for row in result], columns=list(result.keys()), dtype="object")
        table["at"] = pd.to_datetime(table["at"]).dt.tz_localize("UTC") if len(table) else pd.to_datetime([], utc=True)
        return table.astype({"entry": "int64", "event": "Int64"})

    # -- writing ------------------------------------------------------------------------------------------------

    def keep(self, states: Mapping[tuple[str, str], State], events: Sequence[Event]) -> dict[int, Event]:
        """Keep what a look found, all of it or nothing; return the new events by number.

        An event whose key is there already is not new, and no second one is made.
        """
        made: dict[int, Event] = {}
        with self.registry.writing(queued=True) as connection:
            for (rule, subject), state in states.items():
                mine = (STATES.c.rule == rule) & (STATES.c.subject == subject)
                values = {"level": state.level, "since": _bare(state.since)}
                if not connection.execute(sa.update(STATES).where(mine).values(values)).rowcount:
                    connection.execute(sa.insert(STATES).values(rule=rule, subject=subject, **values))
            for event in events:
                if connection.scalar(sa.select(EVENTS.c.number).where(EVENTS.c.key == event.key)) is not None:
                    continue
                row = {
                    "key": event.key,
                    "rule": event.rule,
                    "subject": event.subject,
                    "change": event.change,
                    "at": _bare(event.at),
                    "tambon": event.tambon,
                    "amphoe": event.amphoe,
                    "facts": json.dumps(event.facts, ensure_ascii=False),
                }
                number = int(connection.execute(sa.insert(EVENTS).values(row).returning(EVENTS.c.number)).scalar_one())
                made[number] = Event(**{**vars(event), "number": number})
        return made

    def queue(self, at: dt.datetime, messages: Sequence[Message]) -> None:
        """Put messages on their way; one for an event and recipient that is there already stays as it is."""
        with self.registry.writing(queued=True) as connection:
            for one in messages:
                mine = (MESSAGES.c.event == one.event) & (MESSAGES.c.recipient == one.recipient)
                if connection.scalar(sa.select(MESSAGES.c.event).where(mine)) is not None:
                    continue
                row = {
                    "event": one.event,
                    "recipient": one.recipient,
                    "level": one.level,
                    "channel": one.channel,
                    "outcome": one.outcome,
                    "reason": one.reason,
                    "due_at": _bare(one.due_at),
                    "changed_at": _bare(at),
                }
                connection.execute(sa.insert(MESSAGES).values(row))
                _tell(connection, at, one.outcome, one.reason, event=one.event, who=one.recipient, channel=one.channel)

    def begin(self, at: dt.datetime, delivery: Delivery) -> None:
        """Record that a parcel is about to be handed to its channel, before it is."""
        with self.registry.writing() as connection:
            row = {
                "id": delivery.id,
                "recipient": delivery.recipient,
                "channel": delivery.channel,
                "content": json.dumps(delivery.content, ensure_ascii=False),
                "outcome": SENDING,
                "attempts": 0,
                "next_at": _bare(delivery.next_at),
                "changed_at": _bare(at),
            }
            connection.execute(sa.insert(DELIVERIES).values(row))
            mine = MESSAGES.c.event.in_(list(delivery.events)) & (MESSAGES.c.recipient == delivery.recipient)
            values = {"outcome": SENDING, "delivery": delivery.id, "changed_at": _bare(at)}
            connection.execute(sa.update(MESSAGES).where(mine).values(values))

    def end(
        self, at: dt.datetime, delivery: Delivery, outcome: str, problem: str = "", again_at: dt.datetime | None = None
    ) -> None:
        """Record what became of a parcel; `again_at` keeps it on its way until then."""
        with self.registry.writing() as connection:
            values = {
                "outcome": outcome,
                "problem": problem,
                "attempts": delivery.attempts + 1,
                "next_at": _bare(again_at or at),
                "changed_at": _bare(at),
            }
            connection.execute(sa.update(DELIVERIES).where(DELIVERIES.c.id == delivery.id).values(values))
            mine = MESSAGES.c.delivery == delivery.id
            changed = {"outcome": outcome, "reason": problem, "changed_at": _bare(at)}
            connection.execute(sa.update(MESSAGES).where(mine).values(changed))
            for event in delivery.events:
                who, channel = delivery.recipient, delivery.channel
                _tell(connection, at, outcome, problem, event=event, who=who, channel=channel)

    def drop(self, at: dt.datetime, messages: Sequence[Message], outcome: str) -> None:
        """Take messages that wait out of the queue, for good."""
        with self.registry.writing() as connection:
            for one in messages:
                mine = (MESSAGES.c.event == one.event) & (MESSAGES.c.recipient == one.recipient)
                values = {"outcome": outcome, "changed_at": _bare(at)}
                connection.execute(sa.update(MESSAGES).where(mine, MESSAGES.c.outcome == QUEUED).values(values))
                _tell(connection, at, outcome, "", event=one.event, who=one.recipient, channel=one.channel)

    def acknowledge(self, number: int, at: dt.datetime, author: Author) -> None:
        """Record that somebody has taken an event in hand: it escalates no further.

        Raises
        ------
        NotStored
            When there is no such event.
        NotAllowed
            When the author may not act for its amphoe.
        """
        with self.registry.writing() as connection:
            row = connection.execute(sa.select(EVENTS).where(EVENTS.c.number == number)).first()
            if row is None:
                raise NotStored(f"no alert {number}", key="no_such_alert", context={"number": number})
            allow(author, KINDS["alert_rules"], {"amphoe": row.amphoe})
            if row.acknowledged_at is not None:
                return
            values = {"acknowledged_at": _bare(at), "acknowledged_by": author.name}
            connection.execute(sa.update(EVENTS).where(EVENTS.c.number == number).values(values))
            _tell(connection, at, ACKNOWLEDGED, "", event=number, author=author.name)


def _event(row: Any) -> Event:
    return Event(
        row.key,
        row.rule,
        row.subject,
        row.change,
        row.at.replace(tzinfo=UTC),
        row.tambon,
        row.amphoe,
        json.loads(row.facts),
        row.number,
        row.acknowledged_by,
    )


def _tell(
    connection: sa.Connection,
    at: dt.datetime,
    outcome: str,
    reason: str,
    *,
    event: int,
    who: str = "",
    channel: str = "",
    author: str = "",
) -> None:
    row = {"at": _bare(at), "event": event, "recipient": who, "channel": channel, "outcome": outcome, "reason": reason}
    connection.execute(sa.insert(ALERT_TRAIL).values(row | {"author": author}))
