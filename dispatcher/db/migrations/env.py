"""Alembic's entry: always on a connection that migrate.py opened."""

from alembic import context

from dispatcher.db.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
