"""The planner's page of effects: what a measure changed, against controls, and what is missing to tell."""

from layers.screens import effect

effect.page()
