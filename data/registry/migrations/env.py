"""How alembic runs the migrations: on the connection that the registry's opening hands over, in its transaction.

Never opens a database of its own.
"""

from alembic import context

from data.registry.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
