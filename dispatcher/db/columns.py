"""What every table is made of: keys, links, and moments that are the same number everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    TypeDecorator,
)

from dispatcher.domain.clock import micros, moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC as microseconds since 1970: the same number on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


Id = BigInteger().with_variant(Integer, "sqlite")


def own_id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def to_one(column: str, *, null: bool = False, cascade: bool = False) -> Column[int]:
    table, name = column.split(":")
    return Column(
        name, Id, ForeignKey(f"{table}.id", ondelete="CASCADE" if cascade else None), nullable=null
    )


def written_with(*links: str) -> list[ForeignKeyConstraint]:
    """Links (column:table) to rows that are written with these, or before, and never taken away.

    SQLite checks a link by a look-up. PostgreSQL would run a query for each row, which takes as
    long as writing it: there the statements that write the rows take them from one another.
    """
    found = []
    for column, table in (link.split(":") for link in links):
        cascade = "CASCADE" if table == "messages" else None
        link = ForeignKeyConstraint([column], [f"{table}.id"], ondelete=cascade)
        link.ddl_if(dialect="sqlite")
        found.append(link)
    return found


def one_of(values: Any) -> str:
    return ", ".join(f"'{v.value}'" for v in values)
