"""The officer's page of fires: where they burn, what is new, what was found on the ground."""

from layers.screens import fires

fires.page()
