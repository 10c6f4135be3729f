"""Questions about many rows at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from tui_ingest.ingest.fast.columns import spelled
from tui_ingest.ingest.fast.tables import ColumnRef
from tui_ingest.ingest.target import CHUNK, chunks


def existing(
    column: ColumnRef, values: Collection[Any], connection: BaseDatabaseWrapper
) -> set[Any]:
    """Return those of the values that the column has."""
    return {found for (found,) in related(column, [column], values, connection)}


def missing(
    column: ColumnRef, values: Collection[Any], connection: BaseDatabaseWrapper
) -> set[Any]:
    """Return those of the values that the column has not: mostly few, beside those that it has."""
    if not column.array or not values:
        return {*values} - existing(column, values, connection)
    sought = ColumnRef("tui_ingest_sought", "tui_ingest_sought.value", column.array)
    rows = _fetch(
        connection,
        f"SELECT {sought.read} FROM unnest(%s::{column.array}[]) AS {sought.table} (value)"  # noqa: S608
        f" WHERE NOT EXISTS (SELECT FROM {column.table}"
        f" WHERE {column.table}.{column.name} = {sought.name})",
        [_as_array(column, values)],
    )
    return {found for (found,) in rows}


def related(
    column: ColumnRef,
    wanted: Collection[ColumnRef],
    values: Collection[Any],
    connection: BaseDatabaseWrapper,
) -> Iterator[tuple[Any, ...]]:
    """Yield columns of the rows whose `column` has one of the values."""
    chosen = ", ".join(found.read for found in wanted)
    for condition, parameters in _conditions(column, values):
        statement = f"SELECT {chosen} FROM {column.table} WHERE {condition}"  # noqa: S608
        found = _fetch(connection, statement, parameters)
        # Columns beside one with arrays have some, too: they are spelled already.
        yield from found if column.array else (tuple(map(spelled, row)) for row in found)


def matching(
    columns: Sequence[ColumnRef],
    wanted: ColumnRef,
    states: Collection[tuple[Any, ...]],
    connection: BaseDatabaseWrapper,
) -> Iterator[tuple[Any, ...]]:
    """Yield the values of some columns, and of one more, of the rows that have them so."""
    chosen = ", ".join(found.read for found in (*columns, wanted))
    named = ", ".join(found.name for found in columns)
    for values, parameters in _as_rows(columns, states):
        statement = f"SELECT {chosen} FROM {columns[0].table} WHERE ({named}) IN ({values})"  # noqa: S608
        yield from (tuple(map(spelled, row)) for row in _fetch(connection, statement, parameters))


def _as_rows(
    columns: Sequence[ColumnRef], states: Collection[tuple[Any, ...]]
) -> Iterator[tuple[str, list[Any]]]:
    if columns[0].array:
        arrays = ", ".join(f"%s::{column.array}[]" for column in columns)
        parameters = [[*values] for values in zip(*states, strict=True)]
        yield f"SELECT * FROM unnest({arrays})", parameters  # noqa: S608
        return
    marks = ", ".join(["%s"] * len(columns))
    for values in chunks(chain.from_iterable(states), CHUNK // len(columns) * len(columns)):
        yield f"VALUES {', '.join([f'({marks})'] * (len(values) // len(columns)))}", values


def highest(column: ColumnRef, connection: BaseDatabaseWrapper) -> Any:
    """Return the highest value of the column; 0 if it has none."""
    return _extreme("max", column, connection)


def lowest(column: ColumnRef, connection: BaseDatabaseWrapper) -> Any:
    """Return the lowest value of the column; 0 if it has none."""
    return _extreme("min", column, connection)


def _extreme(function: str, column: ColumnRef, connection: BaseDatabaseWrapper) -> Any:
    ((found,),) = _fetch(connection, f"SELECT {function}({column.name}) FROM {column.table}")  # noqa: S608
    return 0 if found is None else found


def delete(column: ColumnRef, values: Collection[Any], connection: BaseDatabaseWrapper) -> set[Any]:
    """Delete the rows whose column has one of the values, and nothing that refers to them.

    Returns:
        Those of the values that it had.
    """
    returns = connection.features.can_return_columns_from_insert  # SQLite since 3.35
    deleted = set() if returns else existing(column, values, connection)
    returning = f" RETURNING {column.read}" if returns else ""
    with connection.cursor() as cursor:
        for condition, parameters in _conditions(column, values):
            cursor.execute(
                f"DELETE FROM {column.table} WHERE {condition}{returning}",  # noqa: S608
                parameters,
            )
            if returns:
                deleted.update(spelled(found) for (found,) in cursor.fetchall())
    return deleted


def _conditions(column: ColumnRef, values: Collection[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield conditions that together say that the column has one of the values."""
    if column.array and values:
        yield f"{column.name} = ANY (%s::{column.array}[])", [_as_array(column, values)]
    else:
        for chunk in chunks(values):
            yield f"{column.name} IN ({', '.join(['%s'] * len(chunk))})", chunk


def _as_array(column: ColumnRef, values: Collection[Any]) -> Any:
    """Return values as a parameter: a text is the driver's least effort, 2 µs each against 13."""
    is_plain = column.array in {"uuid", "bigint"}
    return f"{{{','.join(map(str, values))}}}" if is_plain else [*values]


def _fetch(
    connection: BaseDatabaseWrapper, statement: str, parameters: list[Any] | None = None
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
