"""One run of the alerts: look, keep what changed, tell whoever is to be told, record what came of it.

Each step leaves a state from which the next run goes on: a run that is killed loses nothing and tells nothing twice
where the channel can tell a parcel again. Never judges a rule (`look`), never talks to a channel itself (`channels`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from briefings import cap, channels, sms
from briefings.alert_text import Notice, notice, together
from briefings.channels import Parcel
from briefings.look import UNKNOWN, Looked, look
from briefings.routing import DIGEST, QUIET_HOURS, Recipient, recipients_of, route
from briefings.rules import END, RISE, WATCH, Rule, rules_of
from briefings.watched import gather
from data.clock import iso_ict
from data.errors import ChannelError, Locked, SettingError
from data.registry import AlertLog, Registry
from data.registry.alert_log import FAILED, NO_RECIPIENT, OVER, QUEUED, SENDING, SENT, Delivery, Event, Message, State
from layers.alerts import reason_of, say_reason
from layers.words import Lang, say, say_error
from models.desk import Desk, SourceFacts

COLUMNS = ("rule", "place", "channel", "outcome", "recipient", "event", "due", "headline")
#: Waits between tries of one parcel, minutes; after the last it has failed.
WAITS = (1, 2, 5, 10, 20, 40, 60, 120, 240, 480)
#: How far back events are read: the beginning of what ends now.
_MEMORY = dt.timedelta(days=60)
_PARCELS = uuid.UUID("6f1f4d2e-2c0b-4a52-9a50-9d6f0a0c6f11")
WOULD_SEND = "would send"


@dataclass(frozen=True)
class Bench:
    """What one run works with."""

    desk: Desk
    registry: Registry
    log: AlertLog
    at: dt.datetime
    rules: Mapping[str, Rule]
    recipients: Mapping[str, Recipient]

    @property
    def area(self) -> str:
        """Name of the place, for warnings."""
        return f"{self.desk.place.name_th} / {self.desk.place.name_en}"


def run(desk: Desk, registry: Registry, facts: Iterable[SourceFacts], lang: Lang) -> pd.DataFrame:
    """Evaluate the rules and send what is due.

    Parameters
    ----------
    desk : Desk
    registry : Registry
    facts : iterable of SourceFacts
        The live sources, for rules about their silence.
    lang : str
        Language of `headline` and of reasons.

    Returns
    -------
    DataFrame
        COLUMNS, a row for each thing looked at and each message that moved.

    Raises
    ------
    SettingError
        When the sample is shown.
    Locked
        When another run does not end in time.
    """
    if desk.is_sample:
        raise SettingError("the sample sends no alerts", key="alert_sample", hint="import or fetch data first")
    bench = _bench(desk, registry)
    with _alone(bench):
        moved = _again(bench)
        looked, after = _look(bench, facts)
        bench.log.keep(after, [one.event for one in looked if one.event])
        return _told(bench, looked, moved | _send_due(bench), lang)


def send_due(desk: Desk, registry: Registry, lang: Lang) -> pd.DataFrame:
    """Send what is due by now without looking at the rules: what waited, is tried again, or goes to the next level.

    Returns
    -------
    DataFrame
        COLUMNS, a row for each message that moved.

    Raises
    ------
    Locked
        When another run does not end in time.
    """
    bench = _bench(desk, registry)
    with _alone(bench):
        return _told(bench, (), _again(bench) | _send_due(bench), lang)


def tell_watch(desk: Desk, registry: Registry, lang: Lang, stopped_since: dt.datetime | None) -> pd.DataFrame:
    """Tell those who hear of the whole province that the desk stopped, once, and that it runs again.

    Parameters
    ----------
    desk : Desk
    registry : Registry
    lang : str
    stopped_since : datetime or None
        When the watch last showed itself, UTC; None when it runs.

    Returns
    -------
    DataFrame
        COLUMNS, a row for each message that moved.

    Raises
    ------
    Locked
        When another run does not end in time.
    """
    bench = _bench(desk, registry)
    with _alone(bench):
        name = (WATCH.id, WATCH.id)
        known = bench.log.states().get(name)
        level = 0 if stopped_since is None else 1
        if (known.level if known else 0) == level:
            return _told(bench, (), _again(bench) | _send_due(bench), lang)
        since = stopped_since or (known.since if known else bench.at)
        key = "|".join([*name, END if stopped_since is None else RISE, since.strftime("%Y%m%dT%H%M%SZ")])
        facts = {"rule": WATCH.name, "watches": WATCH.watches, "data_at": since.isoformat(), "level": 1}
        event = Event(key, *name, RISE if level else END, bench.at, "", "", facts)
        bench.log.keep({name: State(level, since)}, [event])
        return _told(bench, (), _again(bench) | _send_due(bench), lang)


def rehearse(
    desk: Desk, registry: Registry, facts: Iterable[SourceFacts], lang: Lang, at: dt.datetime | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Evaluate the rules and say what would go; nothing is sent and nothing is kept.

    Returns
    -------
    table : DataFrame
        COLUMNS.
    texts : list of str
        What would go out, a text for each recipient.
    """
    bench = replace(_bench(desk, registry), at=at or desk.now())
    looked, _ = _look(bench, facts)
    known = bench.log.events(since=bench.at - _MEMORY)
    first = max(known, default=0) + 1
    fresh = [one.event for one in looked if one.event]
    hoped = {number: replace(event, number=number) for number, event in enumerate(fresh, first)}
    messages = bench.log.messages(since=bench.at - _MEMORY)
    new, _ = route([*known.values(), *hoped.values()], messages, bench.rules, list(bench.recipients.values()), bench.at)
    rows, texts = [], []
    for one in looked:
        if one.event is None:
            rows.append(_quiet_row(one, lang))
    waiting = [*new, *(message for message in messages if message.outcome == QUEUED)]
    everything = known | hoped
    for message in waiting:
        rows.append(
            _row(bench, everything[message.event], replace(message, outcome=_hoped(bench, message, lang)), lang)
        )
    for who, mine in _parcels(bench, everything, [one for one in waiting if one.due_at <= bench.at and one.recipient]):
        content = _content(bench, who, mine)
        length = f" · {_length(content['text'])}" if who.form == "short" else ""
        texts.append(f"→ {who.name} ({who.channel}){length}\n{content['text']}")
    return _table(rows), texts


def _length(text: str) -> str:
    found = sms.size(text)
    return f"{found.parts} SMS {found.units}/{found.most}"


def _hoped(bench: Bench, message: Message, lang: Lang) -> str:
    if message.outcome != QUEUED or message.due_at > bench.at:
        return message.outcome
    shut = channels.unready(message.channel, bench.desk.settings)
    return WOULD_SEND if shut is None else f"{FAILED}: {say_error(lang, shut)}"


def words_of(lang: Lang, event: Event, desk: Desk) -> tuple[str, str]:
    """Return headline and text of an event, as it would be told now."""
    said = notice(lang, _spoken(event), event, desk.now(), app_url=desk.settings.app_url)
    return said.headline, said.text


def send_test(desk: Desk, registry: Registry, channel: str, lang: Lang) -> pd.DataFrame:
    """Send a message that says it is a test to every recipient of one channel, outside of all rules.

    Returns
    -------
    DataFrame
        COLUMNS.
    """
    bench = _bench(desk, registry)
    rows = []
    for who in bench.recipients.values():
        if who.channel != channel:
            continue
        said = _lang(who)
        parcel = Parcel(str(uuid.uuid4()), who.address, say(said, "alert.test_title"), say(said, "alert.test_text"))
        outcome = SENT
        try:
            channels.send(channel, parcel, desk.settings)
        except ChannelError as error:
            outcome = f"{FAILED}: {say_error(lang, error)}"
        rows.append(("test", who.amphoe or "", channel, outcome, who.name, None, None, parcel.subject))
    if not rows:
        rows.append(("test", "", channel, NO_RECIPIENT, "", None, None, ""))
    return _table(rows)


def _table(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="object").astype({"event": "Int64"})


# -- steps --------------------------------------------------------------------------------------------------------


def _bench(desk: Desk, registry: Registry) -> Bench:
    rules = {rule.id: rule for rule in rules_of(registry.all("alert_rules"))}
    recipients = {one.id: one for one in recipients_of(registry.all("recipients"))}
    return Bench(desk, registry, AlertLog(registry), desk.now(), rules, recipients)


@contextlib.contextmanager
def _alone(bench: Bench) -> Iterator[None]:
    seconds = bench.desk.settings.lock_timeout_s
    busy = Locked(
        f"another run of the alerts is at work; waited {seconds:g} s",
        context={"seconds": f"{seconds:g}"},
        hint="two never run at once; this one can be left away",
    )
    with bench.desk.own_store.holding("alerts.lock", seconds, busy), bench.log.alone(seconds, busy):
        yield


def _look(bench: Bench, facts: Iterable[SourceFacts]) -> tuple[list[Looked], dict[tuple[str, str], State]]:
    rules = list(bench.rules.values())
    watched = gather(bench.desk, bench.registry, bench.at, {rule.watches for rule in rules}, facts)
    return look(rules, watched, bench.log.states())


def _send_due(bench: Bench) -> set[tuple[int, str]]:
    """Put what is missing on its way, take out what is not needed any more, and hand over what is due."""
    since = bench.at - _MEMORY
    events = bench.log.events(since=since)
    rules = {**bench.rules, WATCH.id: WATCH}
    new, over = route(
        list(events.values()), bench.log.messages(since=since), rules, list(bench.recipients.values()), bench.at
    )
    bench.log.drop(bench.at, over, OVER)
    gone = [one for one in bench.log.messages(QUEUED) if one.recipient not in bench.recipients]
    bench.log.drop(bench.at, gone, NO_RECIPIENT)
    bench.log.queue(bench.at, new)
    return {(one.event, one.recipient) for one in (*new, *over, *gone)} | _deliver(bench, events)


def _parcels(
    bench: Bench, events: Mapping[int, Event], messages: Sequence[Message]
) -> Iterator[tuple[Recipient, list[tuple[Event, Message]]]]:
    """Give what goes to each recipient at once: several events become one message, since quotas count recipients."""
    by: dict[str, list[tuple[Event, Message]]] = {}
    for message in messages:
        by.setdefault(message.recipient, []).append((events[message.event], message))
    told = [(bench.recipients[record], mine) for record, mine in by.items() if record in bench.recipients]
    yield from sorted(told, key=lambda one: (one[0].name, one[0].id))


def _content(bench: Bench, who: Recipient, mine: Sequence[tuple[Event, Message]]) -> dict[str, Any]:
    """Return what a parcel holds, whole: what is tried again later is the same to the letter."""
    options, lang = bench.desk.settings, _lang(who)
    said: list[Notice] = []
    files: list[tuple[str, str]] = []
    for event, message in mine:
        rule = _rule(bench, event)
        said.append(notice(lang, rule, event, bench.at, level=message.level, app_url=options.app_url))
        if who.channel == "cap":
            made = cap.alert(
                rule,
                event,
                bench.at,
                status=options.cap_status,
                sender=options.cap_sender,
                area=bench.area,
                app_url=options.app_url,
            )
            files.append((f"alert_{event.number}.xml", made))
    subject, text = together(lang, said, short=who.form == "short")
    return {"address": who.address, "subject": subject, "text": text, "files": files}


def _rule(bench: Bench, event: Event) -> Rule:
    """Return the rule of an event; one that was removed or switched off since speaks by what its event kept."""
    return bench.rules.get(event.rule) or _spoken(event)


def _spoken(event: Event) -> Rule:
    return Rule(event.rule, str(event.facts["rule"]), str(event.facts["watches"]))


def _lang(who: Recipient) -> Lang:
    return "en" if who.language == "en" else "th"


def _deliver(bench: Bench, events: Mapping[int, Event]) -> set[tuple[int, str]]:
    moved: set[tuple[int, str]] = set()
    waiting = [one for one in bench.log.messages(QUEUED) if one.due_at <= bench.at and one.event in events]
    for who, mine in _parcels(bench, events, waiting):
        name = "|".join([who.id, *(f"{event.key}#{message.level}" for event, message in mine)])
        delivery = Delivery(
            str(uuid.uuid5(_PARCELS, name)),
            who.id,
            who.channel,
            _content(bench, who, mine),
            bench.at,
            events=tuple(event.number for event, _ in mine),
        )
        bench.log.begin(bench.at, delivery)
        moved |= _hand_over(bench, delivery)
    return moved


def _again(bench: Bench) -> set[tuple[int, str]]:
    """Take up what an earlier run began and did not end, and what a channel asked to be tried again."""
    moved: set[tuple[int, str]] = set()
    for delivery in bench.log.unfinished():
        if delivery.next_at <= bench.at:
            moved |= _hand_over(bench, delivery)
    return moved


def _hand_over(bench: Bench, delivery: Delivery) -> set[tuple[int, str]]:
    content = delivery.content
    files = [(name, text) for name, text in content["files"]]
    parcel = Parcel(delivery.id, content["address"], content["subject"], content["text"], files)
    try:
        channels.send(delivery.channel, parcel, bench.desk.settings)
    except ChannelError as error:
        wait = WAITS[delivery.attempts] if error.retry and delivery.attempts < len(WAITS) else None
        again_at = None if wait is None else bench.at + dt.timedelta(minutes=wait)
        outcome = FAILED if again_at is None else SENDING
        problem = reason_of(error)
        bench.log.end(bench.at, delivery, outcome, problem, again_at)
    else:
        bench.log.end(bench.at, delivery, SENT)
    return {(event, delivery.recipient) for event in delivery.events}


# -- what is told to the operator ---------------------------------------------------------------------------------


def _told(bench: Bench, looked: Sequence[Looked], moved: set[tuple[int, str]], lang: Lang) -> pd.DataFrame:
    rows = [_quiet_row(one, lang) for one in looked if one.verdict not in (RISE, END)]
    if moved:
        events = bench.log.events({event for event, _ in moved})
        for message in bench.log.messages():
            if (message.event, message.recipient) in moved:
                rows.append(_row(bench, events[message.event], message, lang))
    return _table(rows)


def _quiet_row(one: Looked, lang: Lang) -> tuple[Any, ...]:
    place, outcome = one.rule.tambon or one.rule.amphoe or one.rule.province or one.rule.site, one.verdict
    if one.finding is not None:
        place = one.finding.tambon or one.finding.subject
    if one.why is not None:
        outcome = f"{UNKNOWN}: {say_error(lang, one.why)}"
    return (one.rule.name, place, "", outcome, "", None, None, "")


def _row(bench: Bench, event: Event, message: Message, lang: Lang) -> tuple[Any, ...]:
    rule = _rule(bench, event)
    outcome = message.outcome
    if outcome == QUEUED:
        outcome = {DIGEST: "kept for the digest", QUIET_HOURS: "suppressed: quiet hours"}.get(message.reason, QUEUED)
    elif outcome in (FAILED, SENDING):
        outcome = f"{'failed' if outcome == FAILED else 'to be tried again'}: {say_reason(lang, message.reason)}"
    who = bench.recipients.get(message.recipient)
    return (
        rule.name,
        event.tambon or event.amphoe or event.subject,
        message.channel,
        outcome,
        who.name if who else message.recipient,
        event.number,
        iso_ict(message.due_at) if message.outcome == QUEUED else None,
        notice(lang, rule, event, bench.at).headline,
    )
