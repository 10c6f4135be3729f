"""Which tables are watched, and which of their columns say what row it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connections, router
from django.db.models import BinaryField, Model, UniqueConstraint

from tui_ingest.digests.fields import link_fields, through
from tui_ingest.recorder.conf import RecorderSettings


@dataclass(frozen=True, kw_only=True)
class Capture:
    """A table whose changes are noted, and under what name."""

    label: str  # of the model whose row changes; for a link, of the model that has the field
    table: str
    key: tuple[str, ...]  # columns that name that row
    # Field names and columns of what other than the key may name it; none for a link.
    unique: tuple[tuple[str, str], ...] = ()
    is_link: bool = False  # the table of a many-to-many field

    @property
    def removal(self) -> str:
        """What is noted of a row that is gone: of a link, that its model's row has changed."""
        return "save" if self.is_link else "delete"


def recorded_models(settings: RecorderSettings, database: str) -> list[type[Model]]:
    """Return the models with a table of their own in this database whose rows are recorded."""
    return [
        model
        for model in apps.get_models()
        if not model._meta.proxy
        and not model._meta.swapped
        and settings.records(model)
        and router.allow_migrate_model(database, model)
    ]


def captures(settings: RecorderSettings, database: str) -> list[Capture]:
    """Return the tables to watch in a database."""
    found = []
    for model in recorded_models(settings, database):
        found.append(
            Capture(
                label=model._meta.label_lower,
                table=model._meta.db_table,
                key=tuple(str(field.column) for field in model._meta.pk_fields),
                unique=tuple((field.name, field.column) for field in unique_fields(model)),
            )
        )
        found += [
            Capture(
                label=model._meta.label_lower,
                table=through(field)._meta.db_table,
                key=(field.m2m_column_name(),),
                is_link=True,
            )
            for field in link_fields(model).values()
        ]
    return found


def unique_fields(model: type[Model]) -> list[Any]:
    """Return the fields, besides the key, of all that must be unique in this table."""
    names = {name for group in unique_groups(model) for name in group}
    keys = {field.name for field in model._meta.pk_fields}
    return [
        field
        for field in model._meta.local_concrete_fields
        if field.name in names - keys and not isinstance(field, BinaryField)
    ]


@cache
def unique_groups(model: type[Model]) -> tuple[tuple[str, ...], ...]:
    """Return the names of the fields that must be unique, alone or together, beside the key."""
    local = {field.name: field for field in model._meta.local_concrete_fields}
    groups: list[tuple[str, ...]] = [
        (name,) for name, field in local.items() if field.unique and not field.primary_key
    ]
    groups += [tuple(group) for group in model._meta.unique_together]
    groups += [
        tuple(constraint.fields)
        for constraint in model._meta.constraints
        if isinstance(constraint, UniqueConstraint) and constraint.fields
    ]
    return tuple(group for group in groups if set(group) <= set(local))


def models_digest(settings: RecorderSettings, database: str) -> str:
    """Return a digest of what is recorded: every table and column of the recorded models."""
    connection = connections[database]
    text = "\n".join(
        f"{model._meta.label_lower} {model._meta.db_table} {line}"
        for model in recorded_models(settings, database)
        for line in _described(model, connection)
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _described(model: type[Model], connection: Any) -> Iterator[str]:
    for field in model._meta.local_concrete_fields:
        yield f"{field.name} {field.column} {field.db_type(connection)}"
    for link in link_fields(model).values():
        yield f"{link.name} {through(link)._meta.db_table}"
