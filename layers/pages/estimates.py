"""How good the PM2.5 estimates are, for those who doubt them."""

from layers.screens import estimates

estimates.page()
