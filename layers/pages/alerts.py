"""The page of alerts: what was told, who has it in hand, the rules and who is told."""

from layers.screens import alerts

alerts.page()
