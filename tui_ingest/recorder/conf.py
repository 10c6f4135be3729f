"""The recorder's setting, `TUI_INGEST_RECORDER`: a dict in the source project's settings."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from tui_ingest.oplog.addresses import is_stream

OWN_APPS = frozenset({"tui_ingest", "tui_ingest_recorder"})


@dataclass(frozen=True, kw_only=True)
class RecorderSettings:
    """What can be set; the keys are these names in capitals."""

    # `app_label` or `app_label.model`. None: every model outside `django.contrib.*`.
    models: Sequence[str] | None = None
    exclude: Sequence[str] = ()  # of the same form
    raw: bool = False  # also record what an ingester writes here
    # Path of the log, or the address of a stream; with several databases {alias: path}.
    log: Any = None
    max_bytes: int = 10_000_000  # of the log's newest file; 0: it is never rotated
    backups: int = 30  # older files kept: LOG.1, LOG.2, …
    fsync: bool = True  # what was written survives a power cut before it counts as written
    # {"app.model": {"field": value}}: the rows that a DIGEST is about, where other sources write
    # the same table at the target.
    scope: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)

    def records(self, model: type[Model]) -> bool:
        """Tell whether changes of this model are written to the log."""
        label = model._meta.label_lower
        app_label = model._meta.app_label
        if app_label in OWN_APPS or {label, app_label} & _lower(self.exclude):
            return False
        if not model._meta.managed:  # somebody else's table: only if somebody asks for it
            return label in _lower(self.models or ())
        if self.models is None:
            return not apps.get_app_config(app_label).name.startswith("django.contrib.")
        return bool({label, app_label} & _lower(self.models))

    def log_of(self, database: str) -> Path | str:
        """Return the path of the log that a database's relay writes, or the address of a stream.

        Raises:
            ImproperlyConfigured: there is none.
        """
        chosen = self.log.get(database) if isinstance(self.log, Mapping) else self.log
        if not chosen:
            raise ImproperlyConfigured(
                f"TUI_INGEST_RECORDER names no log for the database '{database}'. Set"
                ' TUI_INGEST_RECORDER = {"LOG": "/var/log/mysite/oplog.log"}, or with several'
                ' databases {"LOG": {"default": …, "other": …}}.'
            )
        return str(chosen) if is_stream(chosen) else Path(chosen).absolute()


def get_settings() -> RecorderSettings:
    """Return the project's `TUI_INGEST_RECORDER`, checked.

    Raises:
        ImproperlyConfigured: an unknown key or a value of the wrong type.
    """
    configured = getattr(django_settings, "TUI_INGEST_RECORDER", {})
    known = {field.name.upper(): field.name for field in dataclasses.fields(RecorderSettings)}
    if not isinstance(configured, Mapping) or set(configured) - set(known):
        raise ImproperlyConfigured(
            f"TUI_INGEST_RECORDER must be a dict with no other keys than {', '.join(known)}."
        )
    for name in ("MODELS", "EXCLUDE"):
        if isinstance(configured.get(name), str):
            raise ImproperlyConfigured(
                f"TUI_INGEST_RECORDER['{name}'] must be a list of 'app_label' or 'app_label.model'."
            )
    for name in ("MAX_BYTES", "BACKUPS"):
        number = configured.get(name, 0)
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ImproperlyConfigured(
                f"TUI_INGEST_RECORDER['{name}'] must be a whole number, not {number!r}."
            )
    _check_log(configured.get("LOG"))
    _check_scope(configured.get("SCOPE", {}))
    return RecorderSettings(**{known[key]: value for key, value in configured.items()})


def _check_log(log: object) -> None:
    paths = log.values() if isinstance(log, Mapping) else [log]
    for path in paths:
        if path is not None and not isinstance(path, str | os.PathLike):
            raise ImproperlyConfigured(
                "TUI_INGEST_RECORDER['LOG'] must be a path, or a dict of paths by database."
            )


def _check_scope(scope: object) -> None:
    if not isinstance(scope, Mapping) or not all(
        isinstance(label, str)
        and isinstance(fields, Mapping)
        and all(isinstance(name, str) and "__" not in name for name in fields)
        for label, fields in scope.items()
    ):
        raise ImproperlyConfigured(
            "TUI_INGEST_RECORDER['SCOPE'] must be a dict like"
            " {'app_label.model': {'field': value}}."
        )


def _lower(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
