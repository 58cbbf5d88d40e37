"""The registry's page: sites on the map and in a list, each with its trail, and the form to write one."""

from layers.screens import sites

sites.page()
