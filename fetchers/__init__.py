"""The outside world: files and services in, checked tables out. Never analyses, never draws."""
