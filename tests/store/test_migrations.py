"""The migrations make exactly the schema, on both databases, and lose nothing."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dispatcher.db import schema
from dispatcher.db.engines import engine_for
from dispatcher.db.migrate import configured, upgrade
from dispatcher.db.versions import HEAD


def _url(app) -> str:
    return app.site.database


def test_migrating_from_zero_gives_the_schema(app):
    engine = engine_for(_url(app))
    with engine.connect() as connection:
        opts = {"compare_type": _same_type, "include_object": _is_made_here(engine.dialect.name)}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, schema.metadata) == []
        checks = sa.inspect(connection).get_check_constraints("messages")
    assert any("unconfirmed" in c["sqltext"] for c in checks)
    engine.dispose()


def _same_type(context, inspected, metadata_column, inspected_type, metadata_type):
    """`Instant` is a BIGINT in the database; everything else is compared as usual."""
    return False if isinstance(metadata_type, schema.Instant) else None


def _is_made_here(dialect):
    """Links to rows that are written together are checked by SQLite alone."""
    together = {"fk_targets_message_id", "fk_targets_body_id", "fk_attempts_message_id",
                "fk_shared_targets_message_id", "fk_shared_targets_body_id"}  # fmt: skip
    return lambda thing, name, kind, reflected, other: (
        dialect == "sqlite" or reflected or name not in together
    )


def test_the_newest_migration_is_the_one_the_program_expects(tmp_path):
    engine = engine_for(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        assert ScriptDirectory.from_config(configured(connection)).get_current_head() == HEAD
    engine.dispose()


def test_migrating_twice_changes_nothing_and_keeps_foreign_keys_on(app):
    engine = engine_for(_url(app))
    upgrade(engine)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM areas").scalar()
        assert rows == 12
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
