"""The jobs that write: what is there before, what the job does, and what is then stored, as countable facts.

Every job can be done again after it was cut off, as an operator or a timer would. Nothing here knows of faults.
"""

from __future__ import annotations

import collections
import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from briefings import alerts, making
from briefings.brief import Brief
from data import accounts, contracts, places, settings
from data.accounts import OPERATOR
from data.errors import ChannelError, Damaged
from data.merge import Writer
from data.registry import AlertLog, Registry, bulk, open_registry
from data.registry.bulk import Scope
from data.store import Store
from fetchers import importer, rebuild, record_rows
from fetchers.brought import Brought
from fetchers.http import Http
from fetchers.refresh import refresh
from fetchers.source import Area, Period
from models import issued
from models.cube import cube
from models.desk import Desk
from tests import files, make
from tests.layers import desks

NOW = desks.NOW
AREA = Area(98.5, 17.5, 100.5, 19.5, ("52",), ("37t",))
KEY, TOKEN = "0123456789abcdef0123456789abcdef", "a-token-of-the-harness-0123456789"
PERIOD = Period(dt.date(2026, 2, 1), dt.date(2026, 2, 14))
Facts = dict[str, collections.Counter[str]]


@dataclass(frozen=True)
class Job:
    """A job that writes.

    Attributes
    ----------
    name : str
    begin : callable
        Puts in place what is stored before.
    work : callable
        The job; done again it must complete.
    facts : callable
        What is stored, as counted identities by table. Raises when anything stored cannot be read.
    sockets : bool
        Whether what it sends counts among its write points.
    by_looking : bool
        What it makes is also made when somebody looks.
    """

    name: str
    begin: Callable[[settings.Settings], None]
    work: Callable[[settings.Settings], None]
    facts: Callable[[settings.Settings], Facts]
    sockets: bool = False
    by_looking: bool = False


def _now() -> dt.datetime:
    return NOW


def _store(options: settings.Settings) -> Store:
    return Store(Path(options.store), _now, options.lock_timeout_s)


def _registry(options: settings.Settings) -> Registry:
    return open_registry(options, _now)


def _desk(options: settings.Settings) -> Desk:
    return Desk(_store(options), places.place("lampang"), options, is_sample=False, now=_now)


def _counted(rows: pd.DataFrame, names: list[str]) -> collections.Counter[str]:
    return collections.Counter("|".join(map(str, row)) for row in rows[names].itertuples(index=False, name=None))


_KEYS = {
    "hotspots": ["hotspot_id", "quality"],
    "readings": ["station_id", "measured_at", "variable", "averaging"],
    "weather": ["station_id", "measured_at", "issued_at"],
    "stations": ["station_id"],
    "tambons": ["tambon"],
    "forecasts": ["code", "issued_at", "lead_h"],
    "briefings": ["day", "lang", "sha256"],
    "revisions": ["station_id", "measured_at", "variable", "averaging", "earlier", "later"],
}


def store_facts(options: settings.Settings) -> Facts:
    """Return the rows of every table by their keys, having read every file of the state and the raw bytes it names."""
    store = _store(options)
    state = store.state()
    found: Facts = {}
    for table, parts in state.tables.items():
        rows = pd.concat([store.get_table(stored).to_pandas() for stored in parts.values()])
        if table in _KEYS:
            found[table] = _counted(rows, _KEYS[table])
    for digest in {*store.snapshots(state)["sha256"], *store.briefings(state)["sha256"]}:
        if len(set(digest[:-2])) > 1:  # the stores of the tests name files by digests made up of one letter
            store.get_raw(digest)
    return found


def registry_facts(options: settings.Settings) -> Facts:
    """Return every record with its version and every change of the trail."""
    registry = _registry(options)
    found: Facts = {}
    for kind in ("sites", "field_checks", "alert_rules", "recipients"):
        kept = registry.all(kind)
        found[kind] = collections.Counter(f"{record}" for record in kept)
        found[f"{kind} as they are"] = collections.Counter(
            f"{record} {one.version} {json.dumps(one.document, default=str, sort_keys=True)}"
            for record, one in kept.items()
        )
    trail = registry.trail()
    found["trail"] = _counted(trail, ["action", "kind", "record", "version"])
    return found


def _both(options: settings.Settings) -> Facts:
    return store_facts(options) | registry_facts(options)


# -- import --------------------------------------------------------------------------------------------------------


def _bring(options: settings.Settings, given: Mapping[str, bytes]) -> None:
    store, registry = _store(options), _registry(options)
    takes = record_rows.into(registry, Scope(places.place("lampang"), places.embedded_tambons()), OPERATOR)
    sources = [Brought(name, data, 10**8) for name, data in given.items()]
    for verdict in importer.bring_in(store, sources, _now, records=takes):
        if verdict.refused is not None:
            raise verdict.refused


def _pixels(count: int, first: str, **fixed: str) -> bytes:
    days = pd.date_range(first, periods=count, freq="7h")
    rows = [
        {
            "latitude": f"{18.0 + 0.01 * at:.5f}",
            "longitude": f"{99.3 + 0.01 * at:.5f}",
            "acq_date": f"{moment:%Y-%m-%d}",
            "acq_time": f"{moment:%H%M}",
            **fixed,
        }
        for at, moment in enumerate(days)
    ]
    return files.firms(*rows)


def _before_import(options: settings.Settings) -> None:
    _bring(options, {"old.csv": _pixels(30, "2025-12-28"), "live.json": files.live(40.0)})


def _import(options: settings.Settings) -> None:
    # Small commits, so that a job has several.
    importer._MEMBERS_A_COMMIT = 2
    standard = _pixels(30, "2025-12-28", version="2")
    hours = {f"2026-03-{day:02d} {hour:02d}:00:00": 30.0 + hour for day in (8, 9) for hour in range(1, 24)}
    row = {"type": "firebreak", "issue": "haze", "tambon_th": "พิชัย", "amphoe_th": "เมืองลำปาง"}
    sites = files.table([{"name_th": name, **row} for name in ("แนวกันไฟ", "แนวที่สอง")])
    _bring(
        options,
        {
            "again.csv": _pixels(30, "2025-12-28"),
            "new.csv": _pixels(60, "2026-02-01"),
            "both.zip": files.zipped({"standard.csv": standard, "more.csv": _pixels(40, "2026-02-10")}),
            "history.json": files.history(hours),
            "later.json": files.live(55.0),
            "sites.csv": sites.encode(),
        },
    )


# -- refresh and back-fill -----------------------------------------------------------------------------------------


def _fetch(options: settings.Settings, names: tuple[str, ...], period: Period | None) -> None:
    with Http(mirrors=options.mirrors, pause_s=0.01) as http:
        outcomes = refresh(
            _store(options), http, area=AREA, keys={"firms_key": KEY}, now=_now, names=names, period=period
        )
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error


def _refresh(options: settings.Settings) -> None:
    _fetch(options, ("firms-snpp", "air4thai-live"), None)


def _backfill(options: settings.Settings) -> None:
    _fetch(options, ("firms-api-snpp-nrt",), PERIOD)


# -- registry ------------------------------------------------------------------------------------------------------

_SITE = {"name_th": "แนวกันไฟ", "kind": "firebreak", "issue": "haze", "tambon": "520201", "budget_thb": "120,000"}


def _open(options: settings.Settings) -> None:
    _registry(options).close()


def _edit(options: settings.Settings) -> None:
    """Add, change, remove and undo, each done only where it is not done yet, as somebody looks before trying again."""
    registry = _registry(options)
    done = {f"{row['record']} {row['version']}" for row in registry.trail(kind="sites").to_dict("records")}
    if "S-one 1" not in done:
        registry.add("sites", _SITE, author=OPERATOR, record="S-one")
    if "S-one 2" not in done:
        notes = [{"text": "ก"}, {"text": "ข"}]
        registry.change("sites", "S-one", {"state": "active", "notes": notes}, author=OPERATOR, based_on=1)
    if "S-one 3" not in done:
        registry.remove("sites", "S-one", author=OPERATOR, based_on=2)
    if "S-one 4" not in done:
        entry = registry.trail(kind="sites", record="S-one")["entry"].iloc[0]
        registry.undo(int(entry), author=OPERATOR)


def _bulk(options: settings.Settings) -> None:
    good = {"type": "firebreak", "issue": "haze", "tambon_th": "พิชัย", "amphoe_th": "เมืองลำปาง"}
    table = pd.DataFrame([{"name_th": f"แนวกันไฟ {at}", **good} for at in range(40)], dtype="object")
    rows = bulk.read("sites", table.set_axis(range(1, 41)), Scope(places.place("lampang")))
    bulk.write(_registry(options), "sites", rows, OPERATOR, "many.csv")


# -- alerts --------------------------------------------------------------------------------------------------------


def _before_alerts(options: settings.Settings) -> None:
    fires = make.hotspots(desks.at("520101", "2026-03-12T11:00Z"), desks.at("520104", "2026-03-12T11:30Z"))
    desks.store_of(Path(options.store), [desks.year_before(), fires])
    registry = _registry(options)
    registry.add("alert_rules", {"name": "ไฟใหม่", "watches": "fire_near"}, author=OPERATOR)
    for name, channel, address in (("เวร", "file", ""), ("กลุ่ม", "line", "U1"), ("ร่าง", "cap", "")):
        registry.add("recipients", {"name": name, "channel": channel, "address": address}, author=OPERATOR)


def _alert(options: settings.Settings) -> None:
    table = alerts.run(_desk(options), _registry(options), (), "en")
    if not table["outcome"].isin(["sent", "suppressed: already sent"]).all():
        # What could not be looked at or sent stands in the table, in words.
        raise ChannelError("; ".join(table["outcome"]))


def _alert_facts(options: settings.Settings) -> Facts:
    import requests

    log = AlertLog(_registry(options))
    found: Facts = {}
    found["events"] = collections.Counter(event.key for event in log.events().values())
    found["messages"] = collections.Counter(f"{one.event} {one.recipient}" for one in log.messages())
    found["sent"] = collections.Counter(f"{one.event} {one.recipient}" for one in log.messages("sent"))
    outbox = Path(options.store) / "outbox"
    found["outbox"] = collections.Counter(path.name for path in outbox.rglob("[!.]*") if path.is_file())
    accepted = requests.get(f"{options.line_host}/accepted", timeout=5).json()
    found["told by LINE"] = collections.Counter(accepted)
    return found


# -- briefing, forecast, accounts, derived files -------------------------------------------------------------------

_brief: list[Brief] = []


def _before_brief(options: settings.Settings) -> None:
    desks.store_of(Path(options.store), [desks.march(), desks.year_before()])
    _brief[:] = [making.make(_desk(options), desks.DAY, "th").brief]


def _keep_brief(options: settings.Settings) -> None:
    making.keep(_store(options), _brief[0], NOW)


def _march(options: settings.Settings) -> None:
    desks.store_of(Path(options.store), [desks.march()], desks.air(("2026-03-10", 52.0), ("2026-03-11", 61.5)))


def _keep_forecast(options: settings.Settings) -> None:
    issue = pd.Timestamp("2026-03-11T17:00Z")
    rows = [
        {"code": code, "issued_at": issue, "valid_at": issue + pd.Timedelta(hours=lead), "lead_h": lead}
        for code in ("37t", "40t")
        for lead in (24, 48, 72)
    ]
    made = pd.DataFrame(rows).assign(
        method="persistence", pm25=50.0, low=30.0, high=80.0, p_over_37_5=0.8, p_over_75=0.1, taught_by="52"
    )
    issued.keep(_desk(options), contracts.typed(made, contracts.FORECAST_COLUMNS, {}))


def _account(options: settings.Settings) -> None:
    digest = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaA"
    accounts.save(Path(options.store), accounts.Account("anan", "officer", "5202", digest))


def _before_account(options: settings.Settings) -> None:
    digest = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaA"
    accounts.save(Path(options.store), accounts.Account("somsri", "planner", "", digest))


def _account_facts(options: settings.Settings) -> Facts:
    return {"accounts": collections.Counter(list(accounts.read(Path(options.store))))}


def _derive(options: settings.Settings) -> None:
    cube(_desk(options), dt.date(2026, 3, 9), dt.date(2026, 3, 12)).load()


def _derived_facts(options: settings.Settings) -> Facts:
    folder = Path(options.store) / "derived"
    for path in folder.glob("[!.]*.parquet"):
        pq.read_table(path)
    made = collections.Counter(p.name for p in folder.glob("[!.]*")) if folder.is_dir() else collections.Counter()
    return store_facts(options) | {"derived": made}


def _nothing(options: settings.Settings) -> None:
    Path(options.store).mkdir(parents=True, exist_ok=True)


def _seeded(options: settings.Settings) -> None:
    _registry(options).close()


def _add_hotspots(options: settings.Settings) -> None:
    store = _store(options)
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_hotspots(make.scattered(300, seed=4, first="2025-12-30"))
        writer.commit()


def _before_merge(options: settings.Settings) -> None:
    store = _store(options)
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_hotspots(make.scattered(300, seed=4, first="2025-12-30")[:120])
        writer.commit()


def _before_repair(options: settings.Settings) -> None:
    _bring(options, {"old.csv": _pixels(30, "2025-12-28"), "new.csv": _pixels(40, "2026-02-01")})
    for path in (Path(options.store) / "tables" / "hotspots").glob("2026-*"):
        path.write_bytes(path.read_bytes()[:900])


def _repair(options: settings.Settings) -> None:
    rebuild.repair(_store(options), _now)


def _facts_after_repair(options: settings.Settings) -> Facts:
    try:
        return store_facts(options)
    except Damaged:
        return {}


JOBS = (
    Job("merge of two years", _before_merge, _add_hotspots, store_facts),
    Job("import of files", _before_import, _import, _both),
    Job("refresh of two sources", _march, _refresh, store_facts),
    Job("back-fill of fourteen days", _march, _backfill, store_facts),
    Job("registry, first opening", _nothing, _open, registry_facts, by_looking=True),
    Job("registry, add, change, remove, undo", _seeded, _edit, registry_facts),
    Job("registry, import of many", _seeded, _bulk, registry_facts),
    Job("alerts, outbox and sending", _before_alerts, _alert, _alert_facts, sockets=True),
    Job("briefing kept", _before_brief, _keep_brief, store_facts),
    Job("forecast kept", _march, _keep_forecast, store_facts),
    Job("account saved", _before_account, _account, _account_facts),
    Job("damaged store made whole", _before_repair, _repair, _facts_after_repair),
    Job("derived file", _march, _derive, _derived_facts),
)
#: Jobs that are also done on PostgreSQL, where what is sent to it are the write points.
ON_POSTGRESQL = ("registry, add, change, remove, undo", "registry, import of many", "alerts, outbox and sending")
