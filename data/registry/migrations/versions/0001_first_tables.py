"""The first tables of the registry, and the triggers that keep its trail append-only.

Written out once and never changed: a later change of the tables is a migration of its own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "whole": sa.Integer,
    "number": sa.Float,
    "day": sa.Date,
    "moment": sa.DateTime,
    "shape": sa.LargeBinary,
}
_REFUSAL = "the trail is append-only"


def upgrade() -> None:
    """Make every table."""
    _record(
        "sites",
        "name_th:text name_en:text kind:text issue:text state:text village_th:text moo:text tambon:text "
        "amphoe:text province:text tambon_basis:text position_note:text geometry:shape west:number south:number "
        "east:number north:number start:day end:day year:whole budget_thb:number funds:text scale_km:number "
        "scale_rai:number scale_households:number scale_persons:number scale_note:text plan:text",
    )
    _list("site_organisations", "sites", "name:text part:text role:text mechanism:text")
    _list("site_research", "sites", "title:text funder:text link:text readiness:text")
    _list("site_plan_links", "sites", "milestone:whole strategy:text basis:text")
    _list(
        "site_targets",
        "sites",
        "measure:text unit:text year:whole target:number actual:number evidence:text",
    )
    _list("site_photos", "sites", "link:text caption:text taken_on:day")
    _list("site_notes", "sites", "written_on:day text:text written_by:text")
    _list("site_lessons", "sites", "worked:text conditions:text needed:text")
    _list("site_sources", "sites", "url:text note:text confidence:text about:text")
    _record(
        "burn_bans",
        "year:whole kind:text start:day end:day area:text province:text legal_basis:text exceptions:text "
        "source_url:text confidence:text note:text",
    )
    _record(
        "milestones",
        "number:whole name_th:text full_label_th:text name_en:text name_en_status:text group_en:text "
        "issue_link:text link_basis:text plan_years:text legal_reference:text source_url:text source_note:text",
    )
    _record(
        "field_checks",
        "fire_id:text hotspot_id:text visited_at:moment result:text put_out_at:moment burned_rai:number "
        "cause:text cause_basis:text point_as_written:text geometry:shape west:number south:number east:number "
        "north:number village_th:text moo:text tambon_reported:text tambon_reported_th:text tambon:text "
        "amphoe:text province:text legal_area:text forest_type:text note:text",
    )
    _list("field_check_crews", "field_checks", "unit:text people:whole")
    _record(
        "heat",
        "name_th:text name_en:text verdict:text tambon:text amphoe:text province:text geometry:shape west:number "
        "south:number east:number north:number radius_m:number evidence:text",
    )
    _record(
        "criteria",
        "tambon:text amphoe:text province:text criterion:text mark:text evidence:text source_url:text",
    )
    _record("pilots", "tambon:text amphoe:text province:text programme:text source_url:text note:text")
    op.create_table(
        "trail",
        sa.Column("entry", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        *[sa.Column(name, sa.Text, nullable=False) for name in ("author", "role", "action", "kind", "record")],
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint("kind", "record", "version", name="one_change_a_version"),
    )
    _append_only()


def _column(told: str) -> sa.Column[Any]:
    name, _, kind = told.partition(":")
    if kind == "text":
        return sa.Column(name, sa.Text, nullable=False, server_default="")
    return sa.Column(name, _TYPES[kind])


def _record(table: str, columns: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Text, primary_key=True),
        *[_column(told) for told in columns.split()],
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("imported", sa.Text, nullable=False, server_default=""),
    )


def _list(table: str, parent: str, columns: str) -> None:
    op.create_table(
        table,
        sa.Column("record", sa.Text, sa.ForeignKey(f"{parent}.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        *[_column(told) for told in columns.split()],
    )


def _append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_trail_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER trail_stays BEFORE UPDATE OR DELETE ON trail "
            "FOR EACH ROW EXECUTE FUNCTION refuse_trail_change()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER trail_stays_{event.lower()} BEFORE {event} ON trail "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
