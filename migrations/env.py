"""Run by alembic, on the connection and within the transaction of bot.store.migrate.

A new revision is a file in `versions` that follows the newest one. A test compares what they all
make with bot.store.tables, to the letter.
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
