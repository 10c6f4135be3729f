"""Which models a log may write. Whoever can write the log can write rows: this is the limit.

And what those refer to that it may not write. Such rows never come out of the log, so that what
refers to them waits for its parents: whole trees of letters, if it is `auth.user`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings as django_settings
from django.db.models import Model

from tui_ingest.conf import Settings
from tui_ingest.ingest.model_fields import concrete, foreign_keys, many_to_many
from tui_ingest.ingest.reasons import Reason, RecordError

REMEMBERED_LABELS = 1_000  # labels come out of the log: a hostile one never runs out of them
OWN_APP = "tui_ingest"  # its tables are what the promise rests on: never writable by a log
OUTSIDE_CHECK = "tui_ingest.W001"
# Every database has them, under numbers of its own; a log names them by natural keys.
MADE_BY_MIGRATE = ("contenttypes.contenttype", "auth.permission")
MOST_NAMED = 5  # of a kind; whoever wants all asks `ingest_explain`


class Verdict(enum.Enum):
    """What is done with the objects of a model."""

    ALLOWED = enum.auto()
    EXCLUDED = enum.auto()  # skipped and counted
    NOT_ALLOWED = enum.auto()  # the whole record becomes a dead letter


class OutsideReference(NamedTuple):
    """A field that leads out of what a log may write."""

    model: type[Model]
    field: str
    to: type[Model]

    def __str__(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field}"


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

    # What they refer to

    def allowed_models(self) -> list[type[Model]]:
        """Return the models with a table of their own that a log may write."""
        return [
            model
            for model in apps.get_models()
            if concrete(model) is model and self.verdict(model._meta.label_lower) is Verdict.ALLOWED
        ]

    def outside_references(self) -> list[OutsideReference]:
        """Return the references of all allowed models to ones that are not."""
        return [
            reference
            for model in self.allowed_models()
            for reference in references_of(model)
            if self._is_outside(reference.to)
        ]

    def _is_outside(self, model: type[Model]) -> bool:
        label = model._meta.label_lower
        return self.verdict(label) is Verdict.NOT_ALLOWED and label not in MADE_BY_MIGRATE

    def outside_warning(self) -> str:
        """Return what is wrong and what to do; "" if nothing is, or nobody wants to know."""
        found = self.outside_references()
        if not found or OUTSIDE_CHECK in django_settings.SILENCED_SYSTEM_CHECKS:
            return ""
        return f"{outside_sentence(found)} {self.outside_remedy(found)}"

    def outside_remedy(self, references: Collection[OutsideReference]) -> str:
        """Return what to add to the settings: all of one, or all of the other.

        Whoever follows it has nothing left that refers to what is not written.
        """
        targets = _reached(
            (reference.to for reference in references),
            lambda model: (one.to for one in references_of(model) if self._is_outside(one.to)),
        )
        allowed = [one for model in self.allowed_models() for one in references_of(model)]
        sources = _reached(
            (reference.model for reference in references),
            lambda model: (one.model for one in allowed if one.to is model),
        )
        named = ", ".join(map(repr, sources))
        before = self.allowed_names
        if before is None:  # all apps but Django's own: named one by one, with these besides
            before = sorted({model._meta.app_label for model in self.allowed_models()})
        return (
            f"Set TUI_INGEST['MODELS'] to {[*before, *targets]}, or add {named} to"
            " TUI_INGEST['EXCLUDE']."
        )


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
        return concrete(find_model(label))._meta.label
    except RecordError:
        return label


def _app(label: str) -> str:
    return label.partition(".")[0]


def _is_part_of_django(app_label: str) -> bool:
    return any(
        config.label.lower() == app_label and config.name.startswith("django.contrib.")
        for config in apps.get_app_configs()
    )


def references_of(model: type[Model]) -> Iterator[OutsideReference]:
    """Yield the references of a model that must lead to a row."""
    fields: list[Any] = [f for f in foreign_keys(model) if f.db_constraint]  # type: ignore[attr-defined]
    for field in (*fields, *many_to_many(model)):
        yield OutsideReference(model, field.name, concrete(field.remote_field.model))


def outside_sentence(references: Iterable[OutsideReference]) -> str:
    """Return what is referred to that may not be written, by what."""
    fields: dict[str, list[str]] = {}
    for reference in references:
        fields.setdefault(reference.to._meta.label_lower, []).append(str(reference))
    named = [f"{to} (by {_few(names)})" for to, names in fields.items()]
    return (
        f"A log may write models that refer to ones which it may not write: {_few(named)}."
        " Records that refer to such a row become dead letters, unless the row is here."
    )


def _reached(
    start: Iterable[type[Model]], further: Callable[[type[Model]], Iterable[type[Model]]]
) -> list[str]:
    """Return the labels of some models, and of all that they lead to."""
    found = set()
    waiting = list(start)
    while waiting:
        if (model := waiting.pop()) not in found:
            found.add(model)
            waiting += further(model)
    return sorted(model._meta.label_lower for model in found)


def _few(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
