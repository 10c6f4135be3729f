"""Triggers in place: after every migration as the models need them, and gone with the app."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connections, router, transaction

from tui_ingest.recorder.captures import Capture, captures, models_digest
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.models import Change, RelayStatus, Resend, Verification, stored
from tui_ingest.recorder.records.resending import add
from tui_ingest.recorder.triggers import Trigger, dialect_of


@dataclass(kw_only=True)
class Comparison:
    """What is installed in a database, beside what its models need."""

    missing: list[tuple[Capture, Trigger]] = field(default_factory=list)
    wrong: list[tuple[Capture, Trigger]] = field(default_factory=list)  # another one is there
    surplus: list[Trigger] = field(default_factory=list)
    not_tables: list[Capture] = field(default_factory=list)
    unfit: list[Capture] = field(default_factory=list)  # the table has another key


def is_migrated(database: str) -> bool:
    """Tell whether the recorder's tables are there."""
    return router.allow_migrate_model(database, Change) and (
        dialect_of(connections[database]).find(Change._meta.db_table) is not None
    )


def compare(database: str) -> Comparison:
    """Compare what is installed with what the models need."""
    dialect = dialect_of(connections[database])
    installed = dict(dialect.installed())
    watched = {(trigger.table, trigger.event) for trigger in installed.values()}
    found = Comparison()
    for capture in captures(get_settings(), database):
        table = dialect.find(capture.table)
        if table is None:
            found.not_tables.append(capture)
            continue
        fitted = dialect.fitted(capture, table)
        if fitted is None:
            found.unfit.append(capture)
            continue
        for needed in (replace(trigger, table=table) for trigger in dialect.needed(fitted)):
            there = installed.pop(needed.name, None)
            if there is None and (table, needed.event) not in watched:
                found.missing.append((capture, needed))
            elif there is None or not there.does(needed):
                found.wrong.append((capture, needed))
    found.surplus = list(installed.values())
    return found


def install(database: str) -> None:
    """Put the triggers of a database right.

    A model whose triggers were gone, as when SQLite makes its table anew, is resent: changes may
    have been missed. Not so the first time, when nothing has been sent yet.
    """
    dialect = dialect_of(connections[database])
    is_first = not stored(RelayStatus, database).exists()
    found = compare(database)
    for capture, trigger in found.missing:
        with _writing(database):
            dialect.create(trigger)
            if not is_first:
                _resend(capture.label, database)
    for _, trigger in found.wrong:
        with _writing(database):
            dialect.create(trigger)
    _rename(found, database)
    for trigger in found.surplus:
        dialect.drop(trigger)
    _forget_other_models(database)
    digest = models_digest(get_settings(), database)
    if not stored(RelayStatus, database).filter(models_digest=digest).exists():
        stored(RelayStatus, database).update_or_create(pk=1, defaults={"models_digest": digest})


def remove(database: str) -> None:
    """Remove every trigger of ours from a database."""
    dialect = dialect_of(connections[database])
    for trigger in dialect.installed().values():
        dialect.drop(trigger)


def loosen(database: str, labels: Iterable[str]) -> None:
    """Prepare for a migration that alters the tables of some models.

    Relays stand still until it is over, because their code knows other columns.
    """
    chosen = set(labels)
    dialect = dialect_of(connections[database])
    with _writing(database):
        known = {
            (table, capture.label): dialect.fitted(capture, table)
            for capture in captures(get_settings(), database)
            if (table := dialect.find(capture.table))
        }
        for trigger in dialect.installed().values():
            if trigger.label in chosen:
                dialect.loosen(trigger, known.get((trigger.table, trigger.label)))
        stored(RelayStatus, database).update(models_digest="")


@contextmanager
def _writing(database: str) -> Iterator[None]:
    """Enter a transaction that waits for its turn to write: on SQLite one that has read before it
    writes is refused, without a wait, when another one is about to commit.
    """
    with transaction.atomic(using=database):
        stored(RelayStatus, database).filter(pk=0).update(models_digest="")  # there is no such row
        yield


def _resend(label: str, database: str) -> None:
    waiting = stored(Resend, database).filter(model=label, state=Resend.State.WAITING)
    if not waiting.filter(keys=None, where=None, after=None).exists():
        add(label, database, why="Its triggers were missing for a while.")


def _rename(found: Comparison, database: str) -> None:
    """Give pending changes the name that their model has now: its table is the same."""
    renamed = {
        trigger.label: capture.label
        for trigger in found.surplus
        for capture, needed in found.wrong
        if trigger.table == needed.table and trigger.label not in ("", capture.label)
    }
    for old, new in renamed.items():
        stored(Change, database).filter(model=old).update(model=new)


def _forget_other_models(database: str) -> None:
    """Drop what waits for models that are not recorded any more."""
    labels = {capture.label for capture in captures(get_settings(), database)}
    stored(Change, database).exclude(model__in=labels).delete()
    stored(Resend, database).exclude(model__in=labels).delete()
    stored(Verification, database).exclude(model__in=labels).delete()


# Signals of `migrate`


def before_migrations(using: str, plan: list[tuple[Any, bool]], **_: Any) -> None:
    """Receive pre_migrate."""
    if plan and _is_usable(using):
        loosen(using, _touched(plan, using))


def after_migrations(using: str, **_: Any) -> None:
    """Receive post_migrate."""
    if _is_usable(using):
        install(using)


def _is_usable(using: str) -> bool:
    return connections[using].vendor in {"sqlite", "postgresql", "mysql"} and is_migrated(using)


def _touched(plan: Iterable[tuple[Any, bool]], database: str) -> Iterator[str]:
    """Yield the labels of the models whose tables the operations of a plan may alter."""
    tables = {
        capture.table.replace('"', "").rpartition(".")[2].lower(): capture.label
        for capture in captures(get_settings(), database)
    }
    for migration, _ in plan:
        for operation in _flattened(migration.operations):
            for name in ("model_name", "name", "old_name"):
                model = getattr(operation, name, None)
                if isinstance(model, str):
                    yield f"{migration.app_label}.{model.lower()}"
            sql = f"{getattr(operation, 'sql', '')} {getattr(operation, 'reverse_sql', '')}".lower()
            yield from (label for table, label in tables.items() if table in sql)


def _flattened(operations: Iterable[Any]) -> Iterator[Any]:
    """Yield operations, and those that they are made of."""
    for operation in operations:
        yield operation
        for name in ("database_operations", "state_operations"):
            yield from _flattened(getattr(operation, name, None) or ())
