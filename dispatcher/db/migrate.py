"""Migrations, from zero and from every earlier release, on both databases.

SQLite rebuilds tables in batch mode, and with foreign_keys=ON that deletes child rows without a
word: migrations run with it OFF and a foreign_key_check follows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from dispatcher.domain.problems import settings
from dispatcher.i18n import Say


def configured(connection: sa.Connection) -> Config:
    """Alembic's settings for one open connection; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the database to `revision` in one transaction."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")
        connection = connection.execution_options(writes=True)
        with connection.begin():
            if not sqlite:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(741851)")
            command.upgrade(configured(connection), revision)
            if sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise settings(
                        "migration-broke-links",
                        Say(
                            "The upgrade stopped and changed nothing: {count} broken links.",
                            count=len(broken),
                        ),
                    )
        if sqlite:
            raw.execute("PRAGMA foreign_keys=ON")
