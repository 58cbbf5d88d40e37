"""The secretary's page: the governor's briefing and the bulletin of a day, to look at and take along."""

from layers.screens import briefing

briefing.page()
