"""The sources page: every live source, its state, its newest data, and what it may be used for."""

from layers import screen

screen.sources()
