"""The origin page."""

from layers.screens import origin

origin.page()
