"""Settings that are changed at once share a step, and an undo says which one it takes back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("setting_changes", recreate="always") as changes:
        changes.add_column(sa.Column("step", NUMBER, nullable=True))
        changes.add_column(sa.Column("undoes", NUMBER, nullable=True))
