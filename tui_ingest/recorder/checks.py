"""System checks: what nobody writes down is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django import db
from django.apps import apps
from django.core import serializers
from django.core.checks import (
    CheckMessage,
    Error,
    Tags,
    Warning,  # noqa: A004  # Django's name
    register,
)
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BinaryField, DurationField, FloatField, JSONField, Model

from tui_ingest.recorder.captures import Capture, recorded_models
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.installing import compare, is_migrated
from tui_ingest.recorder.records.rounds import to_json
from tui_ingest.recorder.records.rows import RowReader
from tui_ingest.recorder.triggers import dialect_of

# What a trigger makes of them cannot be told back for certain.
_NO_KEYS = (BinaryField, DurationField, FloatField, JSONField)
_ROWS = 20  # the newest, whose values are tried


@register
def check_settings(**_: Any) -> list[CheckMessage]:
    """W001: there is a log. E001: every key is of a kind that a trigger can note."""
    settings = get_settings()
    found: list[CheckMessage] = []
    try:
        if settings.log is None:
            settings.log_of(DEFAULT_DB_ALIAS)
    except ImproperlyConfigured as error:
        found.append(
            Warning(
                f"{error} Until then changes are noted, and nobody writes them down.",
                id="tui_ingest_recorder.W001",
            )
        )
    return [*found, *_keys()]


def _keys() -> Iterator[CheckMessage]:
    for model in recorded_models(get_settings(), DEFAULT_DB_ALIAS):
        for field in model._meta.pk_fields:
            if isinstance(field, _NO_KEYS):
                yield Error(
                    f"{model._meta.label} cannot be recorded: its primary key {field.name} is a"
                    f" {type(field).__name__}.",
                    hint="Leave it out with TUI_INGEST_RECORDER['EXCLUDE'].",
                    id="tui_ingest_recorder.E001",
                )


@register(Tags.database)
def check_database(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """W003: triggers are in place. W004: there are tables for them. W002: fields come back."""
    return [message for database in databases or () for message in _database(database)]


def _database(database: str) -> Iterator[CheckMessage]:
    if not is_migrated(database):
        return
    found = compare(database)
    tables = {capture.table for capture, _ in (*found.missing, *found.wrong)}
    # Warnings, because Django's `migrate`, which puts them right, refuses to run with errors.
    for table in sorted(tables | {capture.table for capture in found.unfit}):
        yield Warning(
            f"Changes of the table {table} in the database '{database}' are not recorded as its"
            " model needs it: a trigger is missing, or was made for other columns.",
            hint=f"python manage.py migrate --database {database}",
            id="tui_ingest_recorder.W003",
        )
    names = set(connections[database].introspection.table_names(include_views=True))
    for capture in found.not_tables:
        if capture.table in names or not _comes_with_migrations(capture, database):
            yield Warning(
                f"{capture.label} is not recorded: {capture.table} is no table in the database"
                f" '{database}' itself.",
                hint="Leave it out with TUI_INGEST_RECORDER['EXCLUDE'].",
                id="tui_ingest_recorder.W004",
            )
    dialect = dialect_of(connections[database])
    for model in recorded_models(get_settings(), database):
        if dialect.find(model._meta.db_table) is None:
            continue
        for name, why in _changed_fields(model, database):
            yield Warning(
                f"The field {name} of {model._meta.label} does not come back from a log as it"
                f" was: {why}",
                hint="Give its class a value_to_string() that its to_python() reads, or the target"
                " will differ.",
                id="tui_ingest_recorder.W002",
            )


def _comes_with_migrations(capture: Capture, database: str) -> bool:
    """Tell whether `migrate` makes a table where triggers can be put on it."""
    is_elsewhere = capture.table[0] in '"`' and connections[database].vendor != "postgresql"
    return apps.get_model(capture.label)._meta.managed and not is_elsewhere


def _changed_fields(model: type[Model], database: str) -> Iterator[tuple[str, str]]:
    """Yield the names of fields whose values change on their way, and how."""
    try:
        rows = list(RowReader(database).all(model).order_by("-pk")[:_ROWS])
    except db.Error:
        return  # a table that was not migrated yet
    except Exception as error:  # whatever a field of the project's own raises
        yield "(one that cannot be read)", f"{type(error).__name__}: {error}"
        return
    fields: tuple[Any, ...] = tuple(model._meta.local_concrete_fields)
    for field in fields:
        if field.remote_field is not None or field.generated or not field.serialize:
            continue
        if why := next(filter(None, (_difference(field, row) for row in rows)), ""):
            yield field.name, why


def _difference(field: Any, row: Model) -> str:
    """Return how a value differs after the round trip; an empty string if it does not."""
    value = getattr(row, field.attname)
    if value is None:
        return ""
    try:
        [data] = serializers.serialize("python", [row], fields=[field.name])
        logged = data["pk"] if field.primary_key else data["fields"][field.name]
        [there] = json.loads(to_json([{"value": logged}]))
        back = field.to_python(there["value"])
        same = field.get_prep_value(back) == field.get_prep_value(value)
    except Exception as error:  # whatever a field of the project's own raises
        return f"{type(error).__name__}: {error}"
    return "" if same else f"{value!r:.80} became {back!r:.80}."
