"""Analysis: pure functions on tables and arrays. Never fetches, never draws."""
