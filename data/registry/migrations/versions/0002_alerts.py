"""Rules of alerts and who is told, what was seen and sent, and the trail of it that only grows.

Written out once and never changed: a later change of the tables is a migration of its own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REFUSAL = "the trail of alerts is append-only"


def upgrade() -> None:
    """Make the tables of alerts."""
    _record(
        "alert_rules",
        "name watches tambon amphoe province site",
        sa.Column("geometry", sa.LargeBinary),
        *[sa.Column(edge, sa.Float) for edge in ("west", "south", "east", "north", "within_km")],
        *_texts("land_class"),
        sa.Column("least_rai", sa.Float),
        sa.Column("aqi_class", sa.Integer),
        *_texts("danger_class source"),
        sa.Column("escalate_minutes", sa.Integer),
        *_texts("urgent active note"),
    )
    _record(
        "recipients",
        "name channel address tambon amphoe province",
        sa.Column("level", sa.Integer),
        *_texts("language form"),
        sa.Column("quiet_from", sa.Integer),
        sa.Column("quiet_to", sa.Integer),
        *_texts("digest_hours active note"),
    )
    op.create_table(
        "alert_states",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "alert_events",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        *_texts("rule subject change"),
        sa.Column("at", sa.DateTime, nullable=False),
        *_texts("tambon amphoe facts"),
        sa.Column("acknowledged_at", sa.DateTime),
        *_texts("acknowledged_by"),
    )
    op.create_table(
        "alert_deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("recipient channel content outcome problem"),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "alert_messages",
        sa.Column("event", sa.Integer, sa.ForeignKey("alert_events.number"), primary_key=True, autoincrement=False),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("level", sa.Integer, nullable=False),
        *_texts("channel outcome reason"),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("delivery", sa.Text, sa.ForeignKey("alert_deliveries.id")),
    )
    op.create_table(
        "alert_trail",
        sa.Column("entry", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("event", sa.Integer),
        *_texts("rule recipient channel outcome reason author"),
    )
    _append_only()


def _texts(names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False, server_default="") for name in names.split()]


def _record(table: str, texts: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Text, primary_key=True),
        *_texts(texts),
        *columns,
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        *_texts("imported"),
    )


def _append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_alert_trail_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER alert_trail_stays BEFORE UPDATE OR DELETE ON alert_trail "
            "FOR EACH ROW EXECUTE FUNCTION refuse_alert_trail_change()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER alert_trail_stays_{event.lower()} BEFORE {event} ON alert_trail "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
