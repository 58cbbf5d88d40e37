"""What the registry holds: its tables, what may stand in each column, and which lists belong to which record.

The one declaration that checking, storing, importing and exporting read. Never opens a database; how the tables came to
be on disk is told by the migrations, and a test holds the two together.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

#: Longest texts, in characters: a name fits on a map, a text on a page.
NAME, TEXT = 300, 20_000

ISSUES = ("haze", "ageing", "ceramics", "all")
STATES = ("proposed", "approved", "active", "ended")
#: States of a site where nothing was done yet.
PLANNED = ("proposed", "approved")
#: What an organisation is, in the words of the national partners.
ROLES = ("community", "business", "state", "university", "civil_society", "fund_manager")
#: Through what an organisation acts: the partners' three mechanisms.
MECHANISMS = ("strategic", "mission", "area")
PARTS_TAKEN = ("lead", "partner")
CONFIDENCES = ("stated", "estimated", "not_found")
BAN_KINDS = ("burn_ban", "fuel_management_window", "forest_closure")
#: The partners' three criteria for choosing a tambon: the problem fits the plan, a local mechanism able to drive it
#: exists, research outputs that can be applied exist.
CRITERIA = ("problem", "mechanism", "research")
MARKS = ("met", "partly", "not_met")
CHECK_RESULTS = ("fire", "false", "not_found", "permitted")
HEAT_VERDICTS = ("permanent", "not_permanent")
#: What a rule of alerts watches.
WATCHES = ("fire_near", "fire_growing", "ban_breach", "pm25", "pm25_forecast", "danger", "source_silent")
#: Levels of danger that are worth a rule; those of `models.danger_class` without the lowest.
DANGERS = ("moderate", "high", "very_high")
#: The six land classes of `data.contracts`, which is too heavy to load for their names.
LANDS = ("conservation_forest", "reserved_forest", "land_reform", "agriculture", "community_other", "highway_side")
#: Ways out of the house that need no setting of their own (``file``, ``cap``) or one for all; any other name is one of
#: the addresses in the setting `channels`.
CHANNELS = ("file", "cap", "line", "email")
#: How alerts escalate: the first level is told at once, the others when nobody acknowledged.
LEVELS = 3
YES_NO = ("yes", "no")

metadata = sa.MetaData()


def _text(name: str, most: int = NAME, one_of: Sequence[str] = (), *, needed: bool = False) -> sa.Column[Any]:
    """Return a text column; an empty text means "not seen", never "none"."""
    info = {"one_of": tuple(one_of), "most": most, "needed": needed}
    return sa.Column(name, sa.Text, nullable=False, server_default="", info=info)


def _number(name: str, least: float = 0.0, most: float = 1e13) -> sa.Column[Any]:
    return sa.Column(name, sa.Float, info={"least": least, "most": most})


def _whole(name: str, least: int, most: int) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, info={"least": least, "most": most})


def _day(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Date)


def _moment(name: str) -> sa.Column[Any]:
    """Return a column of moments, in UTC, kept without a zone because SQLite has none."""
    return sa.Column(name, sa.DateTime)


def _place() -> list[sa.Column[Any]]:
    """Return codes of 6, 4 and 2 digits; a record for a whole amphoe has no tambon, one for a province no amphoe."""
    return [_text("tambon", 6), _text("amphoe", 4), _text("province", 2)]


def _shape() -> list[sa.Column[Any]]:
    """Return a geometry in EPSG:4326 as WKB, beside its box for a database that knows no geometry."""
    box = [sa.Column(edge, sa.Float, info={"kept": True}) for edge in ("west", "south", "east", "north")]
    return [sa.Column("geometry", sa.LargeBinary), *box]


def _record(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """Return the table of a kind of record: its own columns between its id and what the registry keeps for itself."""
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Text, primary_key=True, info={"kept": True}),
        *columns,
        # Grows by one with each change; an edit names the version it was based on.
        sa.Column("version", sa.Integer, nullable=False, info={"kept": True}),
        sa.Column("changed_at", sa.DateTime, nullable=False, info={"kept": True}),
        sa.Column("changed_by", sa.Text, nullable=False, info={"kept": True}),
        # Digest of the content as it was last imported: tells a row that was edited since from one that was not.
        sa.Column("imported", sa.Text, nullable=False, server_default="", info={"kept": True}),
    )


def _list(name: str, parent: str, *columns: sa.Column[Any]) -> sa.Table:
    """Return the table of a list that belongs to a record: who it belongs to, in which order, and its own columns."""
    return sa.Table(
        name,
        metadata,
        sa.Column("record", sa.Text, sa.ForeignKey(f"{parent}.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        *columns,
    )


_sites = _record(
    "sites",
    _text("name_th"),
    _text("name_en"),
    _text("kind", 60, needed=True),
    _text("issue", 20, ISSUES, needed=True),
    _text("state", 20, STATES),
    _text("village_th"),
    _text("moo", 20),
    *_place(),
    _text("tambon_basis", 60),
    _text("position_note"),
    *_shape(),
    _day("start"),
    _day("end"),
    _whole("year", 1900, 2200),
    _number("budget_thb"),
    _text("funds"),
    _number("scale_km"),
    _number("scale_rai"),
    _number("scale_households"),
    _number("scale_persons"),
    _text("scale_note", TEXT),
    # Name of the plan that proposed the site; empty for one that was not saved from a plan.
    _text("plan"),
)
_burn_bans = _record(
    "burn_bans",
    _whole("year", 1900, 2200),
    _text("kind", 40, BAN_KINDS, needed=True),
    _day("start"),
    _day("end"),
    _text("area"),
    _text("province", 2),
    _text("legal_basis"),
    _text("exceptions", TEXT),
    _text("source_url", 2000),
    _text("confidence", 20, CONFIDENCES),
    _text("note", TEXT),
)
_milestones = _record(
    "milestones",
    _whole("number", 1, 99),
    _text("name_th"),
    _text("full_label_th"),
    _text("name_en"),
    _text("name_en_status"),
    _text("group_en"),
    _text("issue_link", TEXT),
    _text("link_basis", 60),
    _text("plan_years", 20),
    _text("legal_reference"),
    _text("source_url", 2000),
    _text("source_note", TEXT),
)
_field_checks = _record(
    "field_checks",
    # Of the fire event, of one detection (16 hexadecimal digits), or neither when a person reported the fire.
    _text("fire_id", 60),
    _text("hotspot_id", 16),
    _moment("visited_at"),
    _text("result", 20, CHECK_RESULTS),
    _moment("put_out_at"),
    _number("burned_rai", 0, 1e7),
    _text("cause"),
    _text("cause_basis", 60),
    _text("point_as_written"),
    *_shape(),
    _text("village_th"),
    _text("moo", 20),
    _text("tambon_reported", 6),
    _text("tambon_reported_th"),
    *_place(),
    _text("legal_area"),
    _text("forest_type"),
    _text("note", TEXT),
)
_heat = _record(
    "heat",
    _text("name_th"),
    _text("name_en"),
    _text("verdict", 20, HEAT_VERDICTS, needed=True),
    *_place(),
    *_shape(),
    _number("radius_m", 0, 20_000),
    _text("evidence", TEXT, needed=True),
)
_criteria = _record(
    "criteria",
    *_place(),
    _text("criterion", 20, CRITERIA, needed=True),
    _text("mark", 20, MARKS, needed=True),
    _text("evidence", TEXT, needed=True),
    _text("source_url", 2000),
)
_pilots = _record("pilots", *_place(), _text("programme"), _text("source_url", 2000, needed=True), _text("note", TEXT))

_alert_rules = _record(
    "alert_rules",
    _text("name", needed=True),
    _text("watches", 20, WATCHES, needed=True),
    # Where: an area, a site of the registry, a shape of its own (a village, a protected area); else the whole place.
    *_place(),
    _text("site", 60),
    *_shape(),
    _number("within_km", 0, 100),
    _text("land_class", 20, LANDS),
    # Thresholds, of which a rule has the one of what it watches.
    _number("least_rai", 0, 1e7),
    _whole("aqi_class", 2, 5),
    _text("danger_class", 20, DANGERS),
    _text("source", 60),
    # Without an acknowledgement for so long the next level is told; never when missing.
    _whole("escalate_minutes", 5, 1440),
    # An urgent rule is told during quiet hours and does not wait for a digest.
    _text("urgent", 3, YES_NO),
    _text("active", 3, YES_NO),
    _text("note", TEXT),
)
_recipients = _record(
    "recipients",
    _text("name", needed=True),
    _text("channel", 40, needed=True),
    _text("address", 320),
    *_place(),
    _whole("level", 1, LEVELS),
    _text("language", 2, ("th", "en")),
    _text("form", 5, ("full", "short")),
    # Hours of the Thai clock; from 21 to 6 reaches over midnight.
    _whole("quiet_from", 0, 23),
    _whole("quiet_to", 0, 23),
    # Hours at which what is not urgent goes out together, such as "7,17"; at once when empty.
    _text("digest_hours", 60),
    _text("active", 3, YES_NO),
    _text("note", TEXT),
)


@dataclass(frozen=True)
class Kind:
    """A kind of record: its table, the lists that belong to it, and who may write it.

    Attributes
    ----------
    name : str
        Also the name of its table.
    table : Table
    lists : mapping of str to Table
        Name of the list in a record, and its table.
    officers : bool
        True when an officer may write those of the own amphoe; the others are for planners.
    private : bool
        True when records hold addresses of people, which leave the house only by the command line.
    """

    name: str
    table: sa.Table
    lists: Mapping[str, sa.Table] = field(default_factory=dict)
    officers: bool = False
    private: bool = False

    @functools.cached_property
    def columns(self) -> tuple[sa.Column[Any], ...]:
        """The columns a person fills in."""
        return tuple(column for column in self.table.columns if not column.info.get("kept"))

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Names of `columns`."""
        return frozenset(column.name for column in self.columns)


@functools.cache
def fields_of(table: sa.Table) -> tuple[sa.Column[Any], ...]:
    """Return the columns of a list that a person fills in."""
    return tuple(column for column in table.columns if column.name not in ("record", "position"))


_SITE_LISTS = {
    "organisations": _list(
        "site_organisations",
        "sites",
        _text("name", needed=True),
        _text("part", 20, PARTS_TAKEN, needed=True),
        _text("role", 20, ROLES),
        _text("mechanism", 20, MECHANISMS),
    ),
    "research": _list(
        "site_research",
        "sites",
        _text("title", TEXT, needed=True),
        _text("funder"),
        _text("link", 2000),
        _text("readiness"),
    ),
    "plan_links": _list(
        "site_plan_links", "sites", _whole("milestone", 1, 99), _text("strategy"), _text("basis", 100, needed=True)
    ),
    "targets": _list(
        "site_targets",
        "sites",
        _text("measure", needed=True),
        _text("unit", 60),
        _whole("year", 1900, 2200),
        _number("target", -1e12, 1e12),
        _number("actual", -1e12, 1e12),
        _text("evidence", TEXT),
    ),
    "photos": _list("site_photos", "sites", _text("link", 2000, needed=True), _text("caption"), _day("taken_on")),
    "notes": _list("site_notes", "sites", _day("written_on"), _text("text", TEXT, needed=True), _text("written_by")),
    # What worked, under which conditions, what another area would need.
    "lessons": _list(
        "site_lessons", "sites", _text("worked", TEXT, needed=True), _text("conditions", TEXT), _text("needed", TEXT)
    ),
    # Where a fact was read; `about` names the fields it speaks for, empty for the whole record.
    "sources": _list(
        "site_sources",
        "sites",
        _text("url", 2000),
        _text("note", TEXT),
        _text("confidence", 20, CONFIDENCES),
        _text("about"),
    ),
}

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("sites", _sites, _SITE_LISTS, officers=True),
        Kind("burn_bans", _burn_bans),
        Kind("milestones", _milestones),
        Kind(
            "field_checks",
            _field_checks,
            {
                "crews": _list(
                    "field_check_crews", "field_checks", _text("unit", needed=True), _whole("people", 0, 100_000)
                )
            },
            officers=True,
        ),
        Kind("heat", _heat, officers=True),
        Kind("criteria", _criteria),
        Kind("pilots", _pilots),
        Kind("alert_rules", _alert_rules, officers=True),
        Kind("recipients", _recipients, officers=True, private=True),
    )
}

#: Every change ever made, in order; nothing of it is ever changed or removed (triggers of the database see to it).
TRAIL = sa.Table(
    "trail",
    metadata,
    sa.Column("entry", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    # The whole record as JSON before and after; null where there was or is none.
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("kind", "record", "version", name="one_change_a_version"),
)
