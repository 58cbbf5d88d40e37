"""The registry: interventions and what people write about them, who wrote it, and every change ever made.

`open_registry(settings)` gives a `Registry`; its `sites()`, `field_checks()` and `table(kind)` are flat tables, its
`add`, `change`, `remove` and `undo` take an `Author` and the version an edit was based on. Kinds of records: ``sites``
(also proposed ones saved from a plan), ``burn_bans``, ``milestones``, ``field_checks`` of fires, ``heat`` (verdicts on
permanent heat), ``criteria`` (marks for choosing tambons), ``pilots``, ``alert_rules`` and ``recipients``. What alerts
were sent is in `AlertLog`. Never fetches, never words anything.
"""

from data.registry.alert_log import AlertLog
from data.registry.opening import open_registry
from data.registry.registry import Kept, Registry

__all__ = ["AlertLog", "Kept", "Registry", "open_registry"]
