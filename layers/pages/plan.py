"""The plan's page: what is done, by whom, to which end, what was seen beside it, and what is missing."""

from layers.screens import plan

plan.page()
