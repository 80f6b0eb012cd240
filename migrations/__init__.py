"""The history of the database, one alembic revision a file."""
