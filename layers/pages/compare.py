"""The planner's page of comparison: districts and measures side by side."""

from layers.screens import compare

compare.page()
