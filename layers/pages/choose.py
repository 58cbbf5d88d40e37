"""The planner's page of choice: which tambons first, and the best plan under a budget."""

from layers.screens import choose

choose.page()
