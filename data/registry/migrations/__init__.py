"""Migrations of the registry, run by alembic when it is opened."""
