"""The officer's page: the chosen day on the map, its figures, and the panel of a tambon."""

from layers import screen

screen.today()
