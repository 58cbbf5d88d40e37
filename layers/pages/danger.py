"""The danger page."""

from layers.screens import danger

danger.page()
