"""The planner's page: this season against the earlier ones."""

from layers import screen

screen.season()
