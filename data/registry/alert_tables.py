"""The tables of alerts in the registry's database: states, events, deliveries, messages, and the trail of decisions.

Beside those of `data.registry.tables`; a test holds both together with the migrations. Never opens a database.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from data.registry.tables import metadata


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


#: The level at which something stands under a rule; 0 or no row is calm.
STATES = sa.Table(
    "alert_states",
    metadata,
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("since", sa.DateTime, nullable=False),
)
#: A change of state that is worth a message; its key is made of what it is, so that it exists once.
EVENTS = sa.Table(
    "alert_events",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    _text("rule"),
    _text("subject"),
    # rise or end
    _text("change"),
    sa.Column("at", sa.DateTime, nullable=False),
    _text("tambon"),
    _text("amphoe"),
    _text("facts"),
    sa.Column("acknowledged_at", sa.DateTime),
    _text("acknowledged_by"),
)
#: One parcel to one recipient on one channel: several messages of a run go out together.
DELIVERIES = sa.Table(
    "alert_deliveries",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("recipient"),
    _text("channel"),
    _text("content"),
    _text("outcome"),
    _text("problem"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", sa.DateTime, nullable=False),
    sa.Column("changed_at", sa.DateTime, nullable=False),
)
#: An event and a recipient, once.
MESSAGES = sa.Table(
    "alert_messages",
    metadata,
    sa.Column("event", sa.Integer, sa.ForeignKey("alert_events.number"), primary_key=True, autoincrement=False),
    sa.Column("recipient", sa.Text, primary_key=True),
    sa.Column("level", sa.Integer, nullable=False),
    _text("channel"),
    _text("outcome"),
    _text("reason"),
    sa.Column("due_at", sa.DateTime, nullable=False),
    sa.Column("changed_at", sa.DateTime, nullable=False),
    sa.Column("delivery", sa.Text, sa.ForeignKey("alert_deliveries.id")),
)
#: Append-only by triggers of the database.
ALERT_TRAIL = sa.Table(
    "alert_trail",
    metadata,
    sa.Column("entry", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("event", sa.Integer),
    _text("rule"),
    _text("recipient"),
    _text("channel"),
    _text("outcome"),
    _text("reason"),
    _text("author"),
)
