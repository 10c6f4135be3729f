"""System checks: what nobody writes down is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import (
    CheckMessage,
    Error,
    Tags,
    Warning,  # noqa: A004  # Django's name
    register,
)
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BinaryField, DurationField, FloatField, JSONField

from tui_ingest.recorder.captures import Capture, key_fields, recorded_models
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.installing import compare, is_migrated
from tui_ingest.recorder.records.round_trips import changed_fields
from tui_ingest.recorder.triggers import dialect_of

# What a trigger makes of them cannot be told back for certain.
_NO_KEYS = (BinaryField, DurationField, FloatField, JSONField)


@register
def check_settings(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001  # Django's signature
    **kwargs: Any,  # noqa: ARG001
) -> list[CheckMessage]:
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
        for field in key_fields(model):
            if isinstance(field, _NO_KEYS):
                yield Error(
                    f"{model._meta.label} cannot be recorded: its primary key {field.name} is a"
                    f" {type(field).__name__}.",
                    hint="Leave it out with TUI_INGEST_RECORDER['EXCLUDE'].",
                    id="tui_ingest_recorder.E001",
                )


@register(Tags.database)
def check_database(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001  # Django's signature
    databases: Sequence[str] | None = None,
    **kwargs: Any,  # noqa: ARG001
) -> list[CheckMessage]:
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
        for name, why in changed_fields(model, database):
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
