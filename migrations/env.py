"""Run by alembic, on the connection (and within the transaction) of bot.store.migrate.

A new revision: `make revision` compares an up-to-date database with bot.store.tables.
"""

from __future__ import annotations

from alembic import context

from bot.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
