"""Which models a log may write. Whoever can write the log can write rows: this is the limit."""

from __future__ import annotations

import enum
from functools import lru_cache

from django.apps import apps
from django.db.models import Model

from tui_ingest.conf import Settings
from tui_ingest.ingest.reasons import Reason, RecordError

REMEMBERED_LABELS = 1_000  # labels come out of the log: a hostile one never runs out of them
OWN_APP = "tui_ingest"  # its tables are what the promise rests on: never writable by a log


class Verdict(enum.Enum):
    """What is done with the objects of a model."""

    ALLOWED = enum.auto()
    EXCLUDED = enum.auto()  # skipped and counted
    NOT_ALLOWED = enum.auto()  # the whole record becomes a dead letter


class Policy:
    """The settings MODELS and EXCLUDE, each a list of `app_label` or `app_label.model`."""

    def __init__(self, settings: Settings) -> None:
        # As MODELS has them; None: all but Django's own.
        self.allowed_names = None if settings.models is None else [*settings.models]
        self._allowed = frozenset(name.lower() for name in settings.models or ())
        self._excluded = frozenset(name.lower() for name in settings.exclude)
        self._remembered = lru_cache(REMEMBERED_LABELS)(self._judge)

    def verdict(self, label: str) -> Verdict:
        """Tell what is done with the objects of a model, installed or not."""
        return self._remembered(label)

    def _judge(self, label: str) -> Verdict:
        table = _label_of_table(label).lower()
        label = label.lower()
        if self._excluded & {label, _app(label), table, _app(table)}:
            return Verdict.EXCLUDED
        if OWN_APP in {_app(label), _app(table)}:
            return Verdict.NOT_ALLOWED
        if self.allowed_names is None:
            allowed = not _is_part_of_django(_app(label)) and not _is_part_of_django(_app(table))
        else:
            # A proxy writes the table of another model, perhaps of another app: naming the
            # proxy's app is not enough to open that table.
            allowed = bool(self._allowed & {label, table, _app(table)})
        return Verdict.ALLOWED if allowed else Verdict.NOT_ALLOWED


def find_model(label: str) -> type[Model]:
    """Return the installed model with this label.

    Raises:
        RecordError: there is none (unknown_model).
    """
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError) as error:
        raise RecordError(
            Reason.UNKNOWN_MODEL,
            f"The model {label} is not installed in this project. Install its app, or exclude it.",
        ) from error
    if model._meta.swapped:
        raise RecordError(
            Reason.UNKNOWN_MODEL,
            f"This project has replaced the model {label} by {model._meta.swapped}.",
        )
    return model


def _label_of_table(label: str) -> str:
    """Return the label of the model whose table is written: another one for a proxy."""
    try:
        concrete = find_model(label)._meta.concrete_model
    except RecordError:
        return label
    return concrete._meta.label if concrete is not None else label


def _app(label: str) -> str:
    return label.partition(".")[0]


def _is_part_of_django(app_label: str) -> bool:
    return any(
        config.label.lower() == app_label and config.name.startswith("django.contrib.")
        for config in apps.get_app_configs()
    )
