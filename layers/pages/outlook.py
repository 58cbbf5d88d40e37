"""The page of the days ahead: PM2.5 of three days, and how good such forecasts were."""

from layers.screens import outlook

outlook.page()
