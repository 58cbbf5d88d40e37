"""Sources: what each asks, where keys go, how replies are read, and that a refusal becomes an error with a reason.

Replies in tests/replies are made by hand (its README says what each imitates); the real ones come by `shared`.
"""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from data import contracts, settings
from data.errors import FileRefused, SourceBusy, SourceChanged, SourceError, SourceRefused
from data.store import Store
from fetchers import describe, refresh
from fetchers.http import Http, Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Period, Redacting, Request, Source, download
from fetchers.sources import SOURCES, dustboy, gistda_pm25, open_meteo, openaq

NOW = dt.datetime(2026, 3, 28, 15, 30, tzinfo=dt.UTC)  # 22:30 in Lampang
KEY = "k3y with/odd&signs"
AREA = Area(
    98.3,
    16.7,
    100.7,
    20.0,
    ("52",),
    ("37t", "40t", "99t"),
    (("5201", 99.5326, 18.394), ("5213", 99.4486, 18.807), ("37t", 99.5065, 18.2783)),
    ((99.0, 18.0), (100.0, 18.0)),
)
PERIOD = Period(dt.date(2026, 2, 20), dt.date(2026, 3, 12))
#: Where a provider wants its key: part of the path, of the query, or a header.
KEY_PLACES = {
    "firms_key": "path",
    "dustboy_key": "query",
    "gistda_key": "header",
    "openaq_key": "header",
    "ads_key": "header",
}
REPLIES = Path(__file__).resolve().parent.parent / "replies"
LOCATION_URL = "https://pm25.gistda.or.th/rest/getPm25byLocation?lat=18.394&lng=99.5326"

each_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


def reply(body: bytes | str | Path | object, url: str = "https://source.test/", status: int = 200) -> Reply:
    if isinstance(body, Path):
        body = body.read_bytes()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return Reply(url, status, body)


def own(name: str, url: str = "https://source.test/", status: int = 200) -> Reply:
    return reply(REPLIES / name, url, status)


def asked(source: Source, period: Period | None = None) -> list[Request]:
    return list(source.requests_for(AREA, period, KEY, NOW))


def balanced(parsed: Parsed) -> bool:
    """Whether every row read is in the table, rejected or a double."""
    records = len(parsed.table.drop_duplicates(["station_id", "measured_at", "averaging"]))
    doubles = sum(remark.count for remark in parsed.mended if remark.key == "double_records")
    return parsed.read == records + doubles + parsed.rejected_count


def checked(parsed: Parsed) -> Parsed:
    contracts.check_readings(parsed.table)
    if parsed.stations is not None:
        contracts.check_stations(parsed.stations)
    assert balanced(parsed)
    return parsed


def told(parsed: Parsed) -> dict[str, int]:
    return {remark.key: remark.count for remark in (*parsed.rejected, *parsed.mended)}


def values(parsed: Parsed) -> list[tuple[str, str, float | None]]:
    stamps = parsed.table["measured_at"].dt.tz_convert("Asia/Bangkok").dt.strftime("%d %H:%M")
    found = zip(parsed.table["station_id"], stamps, parsed.table["value"], strict=True)
    return [(station, stamp, None if pd.isna(value) else value) for station, stamp, value in found]


# -- every source ------------------------------------------------------------------------------------------------------


@each_source
def test_a_source_says_everything_about_itself(source: Source) -> None:
    info = source.info
    for text in (info.key, info.name_th, info.name_en, info.provider, info.licence, info.use):
        assert text == text.strip() != ""
    assert info.kind in ("hotspots", "readings", "weather", "grid", "tambons", "raster")
    assert info.hosts
    assert all(host == host.lower() and "/" not in host for host in info.hosts)
    assert info.docs.startswith("http")
    assert info.quirks
    assert min(info.cadence_minutes, info.latency_minutes, info.per_minute) > 0


def test_keys_of_sources_are_settings_and_print_as_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {source.info.key_setting for source in SOURCES.values()} - {""}
    assert wanted == set(KEY_PLACES) == set(settings.load().keys)
    for name in wanted:
        monkeypatch.setenv(f"HAZE_{name.upper()}", f"secret of {name}")
    loaded = settings.load()
    assert loaded.keys == {name: f"secret of {name}" for name in wanted}
    assert "secret of" not in repr(loaded)


@each_source
@pytest.mark.parametrize("period", [None, PERIOD], ids=["new", "past"])
def test_requests_are_pure_and_name_only_allowed_hosts(source: Source, period: Period | None) -> None:
    area = copy.deepcopy(AREA)
    first, second = (list(source.requests_for(area, period, KEY, NOW)) for _ in range(2))
    assert first == second
    assert area == AREA
    assert len({request.url for request in first}) == len(first)
    assert len({request.label for request in first}) == len(first)
    for request in first:
        assert request.url.startswith("https://")
        assert urlsplit(request.url).hostname in source.info.hosts
        assert " " not in request.url


@each_source
def test_a_source_asks_something(source: Source) -> None:
    yesterday = Period(dt.date(2026, 3, 27), dt.date(2026, 3, 27))
    last_month = Period(dt.date(2026, 2, 25), dt.date(2026, 2, 28))
    assert asked(source) or source.info.by_period
    if source.info.by_period:
        assert asked(source, yesterday) or asked(source, last_month)
    else:
        # What is new says nothing about last month.
        assert asked(source, last_month) == []


@each_source
def test_a_key_stands_only_where_its_provider_wants_it(source: Source) -> None:
    for request in (*asked(source), *asked(source, PERIOD)):
        assert KEY not in request.label
        found = set()
        if "k3y" in urlsplit(request.url).path:
            found.add("path")
        if "k3y" in urlsplit(request.url).query:
            found.add("query")
        if any(KEY in value for value in request.headers.values()):
            found.add("header")
        assert found == ({KEY_PLACES[source.info.key_setting]} if source.info.key_setting else set())


@each_source
def test_a_past_period_is_covered_without_gap_where_a_source_says_so(source: Source) -> None:
    spans = sorted((r.since, r.until) for r in asked(source, PERIOD) if r.since is not None and r.until is not None)
    if spans:
        assert source.info.by_period
        days = {a + dt.timedelta(days=n) for a, b in spans for n in range((b - a).days + 1)}
        assert min(days) <= PERIOD.first
        assert max(days) >= PERIOD.last
        assert len(days) == (max(days) - min(days)).days + 1


def test_without_a_name_only_ground_sources_are_asked() -> None:
    chosen = {source.info.key for source in refresh.chosen((), {})}
    assert "air4thai-live" in chosen
    assert not chosen & {"openaq-latest", "openaq-archive", "dustboy", "gistda-pm25", "open-meteo-cams"}
    assert "openaq-latest" in {source.info.key for source in refresh.chosen((), {"openaq_key": "x"})}


@pytest.mark.parametrize(
    "source", [openaq.LATEST, dustboy.STATIONS, gistda_pm25.AMPHOES, open_meteo.CAMS], ids=lambda s: s.info.key
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>busy</html>", b"\xff\xfe\x00", b'"text"', b"7", b"null", b'{"data": 1}', b'[{"a": 1}]']
)
def test_what_is_no_known_reply_is_told_as_changed(source: Source, body: bytes) -> None:
    with pytest.raises(SourceChanged) as caught:
        source.parse(reply(body), NOW)
    assert caught.value.context["source"] == source.info.key


# -- OpenAQ ------------------------------------------------------------------------------------------------------------


def test_openaq_asks_the_stations_it_has() -> None:
    requests = asked(openaq.LATEST)
    assert [request.label for request in requests] == ["sensors of 37t", "sensors of 40t"]
    assert requests[0].url == "https://api.openaq.org/v3/locations/225570/sensors"


def test_openaq_is_a_running_mean_under_the_station_of_air4thai() -> None:
    url = asked(openaq.LATEST)[0].url
    parsed = checked(openaq.LATEST.parse(own("openaq_location_sensors.json", url), NOW))
    assert values(parsed) == [("37t", "28 21:00", 111.5)]
    assert set(parsed.table["averaging"]) == {"PT24H"}
    assert set(parsed.table["source"]) == {"openaq"}
    assert told(parsed) == {"other_pollutant": 1}


@pytest.mark.parametrize(("found", "more"), [(2, 0), ("2", 0), (">2", 1), (5, 3), (None, 0)])
def test_openaq_tells_when_a_page_is_not_all(found: object, more: int) -> None:
    document = json.loads((REPLIES / "openaq_location_sensors.json").read_text("utf-8"))
    document["meta"]["found"] = found
    parsed = openaq.LATEST.parse(reply(document, asked(openaq.LATEST)[0].url), NOW)
    assert told(parsed).get("more_pages", 0) == more


def test_openaq_takes_no_other_unit_and_no_other_place() -> None:
    document = json.loads((REPLIES / "openaq_location_sensors.json").read_text("utf-8"))
    elsewhere = openaq.LATEST.parse(reply(document, "https://api.openaq.org/v3/locations/3/sensors"), NOW)
    assert elsewhere.table.empty
    assert told(checked(elsewhere)) == {"other_pollutant": 1, "other_place": 1}
    document["results"][0]["parameter"]["units"] = "ppm"
    parsed = openaq.LATEST.parse(reply(document, asked(openaq.LATEST)[0].url), NOW)
    assert told(checked(parsed)) == {"other_pollutant": 1, "other_unit": 1}


def test_openaq_without_a_newest_value_loses_that_row_only() -> None:
    document = json.loads((REPLIES / "openaq_location_sensors.json").read_text("utf-8"))
    document["results"].append({**document["results"][0], "latest": None})
    parsed = checked(openaq.LATEST.parse(reply(document, asked(openaq.LATEST)[0].url), NOW))
    assert told(parsed) == {"other_pollutant": 1, "no_date": 1}
    document["results"] = []
    with pytest.raises(FileRefused, match="none"):
        openaq.LATEST.parse(reply(document), NOW)


def test_openaq_archive_is_read_packed_or_not() -> None:
    body = (REPLIES / "openaq_archive_day.csv").read_bytes()
    for content in (body, gzip.compress(body)):
        parsed = checked(openaq.ARCHIVE.parse(reply(content), NOW))
        assert values(parsed) == [("37t", "28 01:00", 101.5), ("37t", "28 02:00", None)]
        assert told(parsed) == {"other_pollutant": 1}
        assert set(parsed.table["averaging"]) == {"PT24H"}


def test_openaq_archive_without_a_file_is_a_day_without_records() -> None:
    with pytest.raises(FileRefused) as caught:
        openaq.ARCHIVE.parse(reply(b"<Error><Code>NoSuchKey</Code></Error>", status=404), NOW)
    assert caught.value.key == "header_only"
    for body in (b"<html><body>x</body></html>", b"\x1f\x8bbroken", b"a,b\n1,2\n", gzip.compress(b"0" * 30_000_000)):
        with pytest.raises(SourceChanged):
            openaq.ARCHIVE.parse(reply(body), NOW)


def test_openaq_archive_asks_each_day_of_each_station_but_none_too_new() -> None:
    requests = asked(openaq.ARCHIVE, Period(dt.date(2026, 3, 22), dt.date(2026, 3, 28)))
    assert [request.label for request in requests][:2] == ["archive 37t 2026-03-22", "archive 40t 2026-03-22"]
    assert requests[-1].label == "archive 40t 2026-03-24"
    assert "locationid=225570/year=2026/month=03/location-225570-20260322.csv.gz" in requests[0].url
    assert [(r.since, r.until) for r in asked(openaq.ARCHIVE)] == [(None, None)] * 2


@pytest.mark.parametrize(
    ("status", "body", "kind", "key"),
    [
        (401, {"detail": "Unauthorized. A valid API key must be provided"}, SourceRefused, "source_key"),
        (401, {"message": "Unauthorized"}, SourceRefused, "source_key"),
        (404, {"detail": "Location not found"}, SourceRefused, "source_says"),
        (200, {"meta": {}, "rows": []}, SourceChanged, "source_changed"),
    ],
)
def test_openaq_refusals_have_a_reason(status: int, body: object, kind: type[SourceError], key: str) -> None:
    with pytest.raises(kind) as caught:
        openaq.LATEST.parse(reply(body, status=status), NOW)
    assert caught.value.key == key
    with pytest.raises(SourceRefused) as unprocessable:
        openaq.LATEST.parse(own("openaq_422.json", status=422), NOW)
    assert unprocessable.value.context["problem"] == "Input should be a valid integer"


def test_real_openaq_sensors(shared: Path) -> None:
    body = shared / "data/air/raw_samples/openaq_v3/list_location_sensors_3.body.json"
    # A test database: its location 3 is none of ours. Asked under the number of 37t, its shape is read whole.
    assert told(checked(openaq.LATEST.parse(reply(body, "x/locations/3/sensors"), NOW))) == {"other_place": 1}
    parsed = checked(openaq.LATEST.parse(reply(body, "x/locations/225570/sensors"), NOW))
    assert parsed.table["measured_at"].tolist() == [pd.Timestamp("2023-04-01T04:30Z")]
    assert parsed.table["value"].tolist() == [1.0]


@pytest.mark.parametrize("name", ["list_sensor_measurements_limit_5", "list_locations", "get_parameter_2"])
def test_real_openaq_replies_of_another_question_are_told(shared: Path, name: str) -> None:
    with pytest.raises(SourceChanged, match="sensors"):
        openaq.LATEST.parse(reply(shared / f"data/air/raw_samples/openaq_v3/{name}.body.json"), NOW)


# -- DustBoy -----------------------------------------------------------------------------------------------------------


def test_dustboy_is_low_cost_and_leaves_other_networks_out() -> None:
    parsed = checked(dustboy.STATIONS.parse(own("dustboy_station.json"), NOW))
    assert values(parsed) == [("dustboy:7001", "28 22:00", 58.0), ("dustboy:7002", "28 22:00", 61.5)]
    assert set(parsed.table["averaging"]) == {"PT1H"}
    assert told(parsed) == {"other_network": 1, "thai_time_assumed": 2}
    assert parsed.stations is not None
    assert parsed.stations["station_id"].tolist() == ["dustboy:7001", "dustboy:7002"]
    assert set(parsed.stations["station_type"]) == {"lowcost"}
    assert parsed.stations["lon"].tolist() == [99.5, 99.6]


PERSONAL = ("นายตัวอย่าง", "Somchai", "0812345678", "081-234-5678", "example.org", "caretaker", "phone")


def test_nothing_of_a_person_survives_the_download_of_dustboy(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = own("dustboy_station.json")
    assert all(text in raw.content.decode() for text in PERSONAL)
    monkeypatch.setattr(Http, "get", lambda *_, **__: raw)
    kept = download(dustboy.STATIONS, asked(dustboy.STATIONS)[0], Http()).content.decode()
    assert not [text for text in PERSONAL if text in kept]
    assert "58" in kept
    parsed = dustboy.STATIONS.parse(raw, NOW)
    assert parsed.stations is not None
    stored = parsed.stations.to_csv() + parsed.table.to_csv()
    assert not [text for text in PERSONAL if text in stored]


def test_nothing_of_a_person_reaches_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (REPLIES / "dustboy_station.json").read_bytes()
    store = Store(tmp_path / "store")
    verdicts = []
    # A good reply, one cut off in the middle, one of an unknown shape, whose first bytes are kept.
    for body in (whole, whole[:-2], b'[{"phone": "0812345678", "caretaker": "Somchai"}]'):
        monkeypatch.setattr(Http, "get", lambda *_, held=body, **__: reply(held))
        outcomes = refresh.refresh(
            store, Http(), area=AREA, keys={"dustboy_key": KEY}, now=lambda: NOW, names=["dustboy"]
        )
        verdicts += [outcome.verdict for outcome in outcomes]
    assert verdicts == ["updated", "changed", "changed"]
    raw = [store.get_raw(path.stem).decode() for path in (store.root / "raw").rglob("*.zst")]
    readings = store.readings(NOW - dt.timedelta(days=1), NOW)
    tables = [table.to_csv() for table in (store.stations(), store.attempts(), store.snapshots(), readings)]
    assert len(raw) == 2
    assert len(readings) == 2
    for kept in (*raw, *tables):
        assert not [text for text in PERSONAL if text in kept]


def test_a_broken_dustboy_reply_is_not_quoted() -> None:
    with pytest.raises(SourceChanged) as caught:
        dustboy.STATIONS.redact(reply(b'[{"caretaker": "Somchai"'))
    assert "Somchai" not in str(caught.value)
    assert isinstance(dustboy.STATIONS, Redacting)
    assert not isinstance(openaq.LATEST, Redacting)


def test_dustboy_never_asks_the_list_of_people() -> None:
    for request in asked(dustboy.STATIONS):
        parts = urlsplit(request.url)
        assert parts.hostname == "open-api.cmuccdc.org"
        assert parts.path.startswith("/api/dustboy/")
        assert parse_qs(parts.query) == {"apikey": [KEY]}


def test_dustboy_refuses_in_words() -> None:
    with pytest.raises(SourceRefused, match="Access denied") as caught:
        dustboy.STATIONS.parse(reply({"status": False, "message": "Access denied"}), NOW)
    assert caught.value.key == "source_key"


@pytest.mark.parametrize(
    ("name", "sensors", "others"),
    [("dustboy_stations_2021-02-15T13ICT.json", 313, 199), ("dustboy_stations_2020-04-13T13ICT.json", 267, 0)],
)
def test_real_dustboy_lists(shared: Path, name: str, sensors: int, others: int) -> None:
    parsed = checked(dustboy.STATIONS.parse(reply(shared / "data/air/raw_samples" / name), NOW))
    assert parsed.read == sensors + others
    assert told(parsed).get("other_network", 0) == others
    suan_dok = parsed.table.set_index("station_id").loc["dustboy:5272"]
    assert suan_dok["value"] == (53.0 if others else 38.0)
    assert parsed.stations is not None
    assert set(parsed.table["station_id"]) >= set(parsed.stations["station_id"])
    assert set(parsed.stations["station_type"]) == {"lowcost"}


# -- GISTDA PM2.5 ------------------------------------------------------------------------------------------------------


def test_gistda_asks_the_middle_of_each_amphoe() -> None:
    requests = asked(gistda_pm25.AMPHOES)
    assert [request.label for request in requests] == ["amphoe 5201", "amphoe 5213"]
    assert requests[0].url == LOCATION_URL


def test_gistda_stamps_are_thai_and_values_a_model() -> None:
    parsed = checked(gistda_pm25.AMPHOES.parse(own("gistda_location.json", LOCATION_URL), NOW))
    assert values(parsed) == [("gistda:5201", "28 21:00", 70.25), ("gistda:5201", "28 22:00", 72.4)]
    assert set(parsed.table["flag"]) == {"model"}
    assert told(parsed) == {"thai_time_marked_utc": 2}
    assert parsed.stations is not None
    station = parsed.stations.iloc[0]
    assert (station["station_type"], station["lon"], station["lat"]) == ("model", 99.5326, 18.394)
    assert "เมืองลำปาง" in station["name_th"]


def test_gistda_by_amphoe_takes_the_code_from_the_address() -> None:
    document = {"status": 200, "errMsg": "", "data": {"graphHistory24hrs": [[70.0, "2026-03-28T21:00:00.000Z"]]}}
    url = "https://pm25.gistda.or.th/rest/getPM25byAmphoe24hrs?ap_idn=5204"
    parsed = checked(gistda_pm25.AMPHOES.parse(reply(document, url), NOW))
    assert values(parsed) == [("gistda:5204", "28 21:00", 70.0)]
    assert parsed.stations is None


def test_gistda_refuses_in_words_and_may_have_nothing() -> None:
    with pytest.raises(SourceRefused) as caught:
        gistda_pm25.AMPHOES.parse(own("gistda_error.json", LOCATION_URL), NOW)
    assert caught.value.context["problem"] == "location not found"
    with pytest.raises(SourceRefused, match="status 500"):
        gistda_pm25.AMPHOES.parse(reply({"status": "500"}), NOW)
    with pytest.raises(FileRefused) as nothing:
        gistda_pm25.AMPHOES.parse(reply({"status": 200, "errMsg": "", "data": []}), NOW)
    assert nothing.value.key == "header_only"


def test_real_gistda_excerpts(shared: Path) -> None:
    folder = shared / "data/air/raw_samples/gistda"
    after = dt.datetime(2026, 9, 29, tzinfo=dt.UTC)
    body = folder / "getPm25byLocation_chiang_mai_2026-09-28_excerpt.json"
    parsed = checked(gistda_pm25.AMPHOES.parse(reply(body, LOCATION_URL), after))
    # The excerpt names no amphoe, so the point asked for stands for it.
    name = "gistda:18.394,99.5326"
    assert values(parsed) == [(name, "27 17:00", 8.69), (name, "28 16:00", 8.0)]
    body = folder / "getPM25byAmphoe24hrs_uthai_2026-09-01_02_two_points.json"
    parsed = checked(gistda_pm25.AMPHOES.parse(reply(body, "https://x/getPM25byAmphoe24hrs?ap_idn=1414"), after))
    assert [row[:2] for row in values(parsed)] == [("gistda:1414", "01 11:00"), ("gistda:1414", "02 10:00")]
    assert parsed.table["value"].iloc[0] == pytest.approx(18.65255, abs=1e-5)
    body = folder / "getPm25byAmphoePred3_uthai_2026-09-02_one_entry.json"
    with pytest.raises(SourceChanged):
        gistda_pm25.AMPHOES.parse(reply(body), after)


# -- Open-Meteo --------------------------------------------------------------------------------------------------------


def test_open_meteo_asks_all_points_at_once_and_two_weeks_at_most() -> None:
    (request,) = asked(open_meteo.CAMS)
    query = {name: found[0] for name, found in parse_qs(urlsplit(request.url).query).items()}
    assert query["latitude"] == "18.394,18.807,18.2783"
    assert query["longitude"] == "99.5326,99.4486,99.5065"
    assert (query["hourly"], query["timezone"]) == ("pm2_5", "Asia/Bangkok")
    assert (query["start_date"], query["end_date"]) == ("2026-03-26", "2026-04-01")
    spans = [(request.since, request.until) for request in asked(open_meteo.CAMS, PERIOD)]
    assert spans == [
        (dt.date(2026, 2, 20), dt.date(2026, 3, 5)),
        (dt.date(2026, 3, 6), dt.date(2026, 3, 12)),
    ]
    assert open_meteo.CAMS.requests_for(Area(0, 0, 1, 1), None, "", NOW) == []


def test_open_meteo_cells_are_taken_once_and_hours_ahead_not_at_all() -> None:
    parsed = checked(open_meteo.CAMS.parse(own("open_meteo_three_points.json"), NOW))
    assert values(parsed) == [
        ("cams:18.40,99.60", "28 21:00", 50.1),
        ("cams:18.40,99.60", "28 22:00", None),
        ("cams:18.00,99.20", "28 21:00", 61.0),
        ("cams:18.00,99.20", "28 22:00", 0.0),
    ]
    assert parsed.table["flag"].tolist() == ["model", "missing", "model", "model"]
    assert told(parsed) == {"forecast_hour": 2, "zero_values": 1}
    assert parsed.stations is not None
    assert parsed.stations["lon"].tolist() == [99.6, 99.2]
    assert set(parsed.stations["station_type"]) == {"model"}


def test_open_meteo_refuses_in_words() -> None:
    with pytest.raises(SourceRefused) as caught:
        open_meteo.CAMS.parse(own("open_meteo_error.json", status=400), NOW)
    assert caught.value.context["problem"].startswith("Latitude must be")
    with pytest.raises(SourceBusy):
        open_meteo.CAMS.parse(reply({"error": True, "reason": "Minutely API request limit exceeded."}), NOW)


@pytest.mark.parametrize("unit", ["mg/m³", None, ""])
def test_open_meteo_in_another_unit_is_told(unit: str | None) -> None:
    cells = json.loads((REPLIES / "open_meteo_three_points.json").read_text("utf-8"))
    cells[2]["hourly_units"]["pm2_5"] = unit
    with pytest.raises(SourceChanged, match="pm2_5"):
        open_meteo.CAMS.parse(reply(cells), NOW)


def test_open_meteo_columns_of_unequal_length_are_told() -> None:
    cells = json.loads((REPLIES / "open_meteo_three_points.json").read_text("utf-8"))
    cells[2]["hourly"]["pm2_5"].pop()
    with pytest.raises(SourceChanged):
        open_meteo.CAMS.parse(reply(cells), NOW)


def test_real_open_meteo_replies(shared: Path) -> None:
    folder = shared / "data/air/raw_samples/open_meteo"
    parsed = checked(open_meteo.CAMS.parse(reply(folder / "air_quality_bucharest_2023-04-25_5h.json"), NOW))
    assert set(parsed.table["station_id"]) == {"cams:44.45,26.15"}
    # The zone is the reply's own: midnight in Bucharest was 21:00 UTC.
    assert parsed.table["measured_at"].iloc[0] == pd.Timestamp("2023-04-24T21:00Z")
    assert parsed.table["value"].tolist() == [15.9, 15.2, 14.0, 13.6, 13.4]
    later = dt.datetime(2026, 7, 12, tzinfo=dt.UTC)
    assert len(checked(open_meteo.CAMS.parse(reply(folder / "php_fixture_air_quality.json"), later)).table) == 1
    for name in ("forecast_bangkok_2024-12-13_excerpt.json", "forecast_berlin_2023-11-13.body.json"):
        with pytest.raises(SourceChanged):
            open_meteo.CAMS.parse(reply(folder / name), NOW)


# -- the pages ---------------------------------------------------------------------------------------------------------


def test_the_page_of_sources_is_up_to_date() -> None:
    page = describe.PAGE.read_text("utf-8")
    fresh = describe.written(page, [source.info for source in SOURCES.values()])
    assert page == fresh, "run python -m fetchers.describe"
    assert all(f"| `{key}` |" in page for key in SOURCES)


@pytest.mark.parametrize(("last", "ends"), [(4, []), (5, [5]), (8, [8]), (9, [8, 9]), (12, [8, 12])])
def test_a_period_in_parts_holds_each_day_once(last: int, ends: list[int]) -> None:
    parts = Period(dt.date(2026, 3, 5), dt.date(2026, 3, last)).parts(4)
    assert [part.last.day for part in parts] == ends
    assert [part.first.day for part in parts] == [5, 9][: len(ends)]


def test_a_page_without_its_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="markers"):
        describe.written("# no markers", [])


def test_the_page_on_adding_a_source_shows_the_real_file() -> None:
    page = (describe.PAGE.parent / "add-a-source.md").read_text("utf-8")
    real = (describe.PAGE.parent.parent / "fetchers/sources/gistda_pm25.py").read_text("utf-8")
    blocks = [block for block in page.split("```python\n")[1:] if not block.startswith("# ")]
    assert len(blocks) >= 3
    for block in blocks:
        assert block.partition("```")[0] in real
