"""Which row is meant: by a key as somebody types it, or by an object of a record.

A row is known by its identity. Somebody who types a key may mean the primary key as logged, too:
in the log of one source both mean the same row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import CompositePrimaryKey, Model

from tui_ingest.errors import TuiIngestError
from tui_ingest.ingest.exact import natural_keys
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.finding import find_rows, row_key
from tui_ingest.ingest.history import patterns
from tui_ingest.ingest.identity import (
    bounded,
    has_natural_key,
    identity_value,
    key_text,
    natural_text,
    python_value,
)
from tui_ingest.ingest.model_fields import AnyField, Serialized, concrete, primary_key
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import RecordError, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import is_label, label_of


class HistoryError(TuiIngestError):
    """No row can be meant. The message says why."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One row of one table, and how the log may speak of it."""

    label: str  # of the model that has the table, in small letters
    labels: frozenset[str]  # that records may call it by: proxies are other names of it
    key: str  # the row's key for people, as it was asked for
    identity: AnyField | None  # None: its model is not installed
    value: Any | None  # of the identity, as Python has it; None if that is not known
    identities: frozenset[RowKey]  # any of them is the row, too
    pk: str  # its primary key as logged, as text; "" if that is not known
    by_pk: bool  # the primary key alone tells, whatever else a record says
    patterns: tuple[re.Pattern[bytes], ...]  # one of them is in each line that speaks of it
    example: Serialized  # an object that names it
    notes: tuple[str, ...] = ()  # what is shown and what is not, a sentence each

    @property
    def is_installed(self) -> bool:
        """Whether there is a table here to look into."""
        return self.identity is not None

    def is_subject_of(self, target: Target, serialized: Serialized) -> bool:
        """Tell whether an object of a record speaks of this row."""
        if label_of(serialized) not in self.labels:
            return False
        if self.value is not None and self._has_value(serialized):
            return True
        try:
            key = row_key(target, serialized)
        except RecordError:  # it lacks its identity, or that is of a model that is not here
            return self._has_pk(serialized)
        return key in self.identities or (self.by_pk and self._has_pk(serialized))

    def _has_value(self, serialized: Serialized) -> bool:
        """Compare as Python does: a moment has a text in every time zone."""
        assert self.identity is not None  # noqa: S101  # there is a value of it
        logged = identity_value(serialized, self.identity)
        try:
            return logged is not None and bool(python_value(self.identity, logged) == self.value)
        except Exception:  # custom fields raise anything
            return False

    def _has_pk(self, serialized: Serialized) -> bool:
        pk = serialized.get("pk")
        return bool(self.pk) and pk is not None and _pk_text(_model(self.label), pk) == self.pk


def subject_named(target: Target, label: str, key: str) -> list[Subject]:
    """Return the row with a key, and those of its parents' tables that are part of the object.

    Args:
        label: `app.model`, installed or not.
        key: its primary key as logged, its identity, or its natural key as a JSON list; a composite
            key as a JSON list, too.

    Raises:
        HistoryError: the key is none of this model, or the label none of a model.
    """
    if not is_label(label):
        raise HistoryError(f"{label!r} names no model. Write app.model, such as polls.question.")
    model = _model(label)
    if model is None:
        return [_of_unknown_model(label_of({"model": label}), key)]
    field = target.identities.field(model)
    identity, pk = _value(field, key), _value(primary_key(model), key)
    parts = _json(key) if has_natural_key(model) else None
    natural = natural_text(parts) if isinstance(parts, list) else None
    if identity is None and pk is None and natural is None:
        names = "pk" if field.primary_key else f"pk or {field.name}"
        raise HistoryError(f"{key!r} is no {names} of {concrete(model)._meta.label_lower}.")
    if pk is None and isinstance(parts, list):
        identity = pk = _pk_here(target, model, parts)
    named = _Named(key=key, identity=identity, pk=pk, natural=natural, by_pk=True)
    return [_subject(target, model, named), *_parents(target, model, named)]


def subject_of(target: Target, serialized: Serialized) -> list[Subject]:
    """Return the row that an object of a record speaks of, and its parents' rows.

    Raises:
        HistoryError: it says of no row that it is the one.
    """
    model, pk = _model(serialized["model"]), serialized.get("pk")
    if model is None:
        if pk is None:
            raise HistoryError("This object has no pk, and its model is not installed.")
        return [_of_unknown_model(label_of(serialized), str(pk))]
    identity = identity_value(serialized, target.identities.field(model))
    natural = None
    if identity is None:
        try:
            natural = row_key(target, serialized).key
            identity = pk = _pk_of(find_rows(target, serialized).first())
        except RecordError as error:
            if pk is None:
                raise HistoryError(str(error)) from error
    named = _Named(
        key=str(natural or identity) if pk is None else _pk_text(model, pk),
        identity=identity,
        pk=pk,
        natural=natural,
        by_pk=identity is None and natural is None,
    )
    return [_subject(target, model, named), *_parents(target, model, named)]


class _Named(NamedTuple):
    """What is known of a row before the log is searched."""

    key: str  # for people
    identity: Any | None  # the value of its identity as logged, if that is known
    pk: Any | None  # its primary key as logged, likewise
    natural: str | None  # its natural key as text, if that is how it is named
    by_pk: bool  # whatever has the pk is meant, whatever identity it has


def _subject(target: Target, model: type[Model], named: _Named) -> Subject:
    """Return a row of an installed model."""
    field = target.identities.field(model)
    label, labels = concrete(model)._meta.label_lower, _names_of(model)
    example: dict[str, Any] = {"model": label, "pk": named.pk, "fields": {}}
    if not field.primary_key:
        example["fields"] = _identity_here(target, model, field, named)
    keys = {named.natural} if named.natural is not None else set()
    if named.identity is not None:
        keys.add(key_text(field, named.identity))
    if has_natural_key(model) and field.primary_key:
        keys |= _keys_of_the_row_here(target, example)
    return Subject(
        label=label,
        labels=labels,
        key=named.key,
        identity=field,
        value=None if named.identity is None else python_value(field, named.identity),
        identities=frozenset(RowKey(label, key) for key in keys),
        pk="" if named.pk is None else _pk_text(model, named.pk),
        by_pk=named.by_pk and named.pk is not None,
        patterns=tuple(_patterns(field, model, named) or [patterns.of_models(labels)]),
        example=example,
        notes=tuple(_notes(model, field)),
    )


def _of_unknown_model(label: str, key: str) -> Subject:
    """Return a row of a model that is not installed, of which only the pk is known."""
    return Subject(
        label=label,
        labels=frozenset({label}),
        key=key,
        identity=None,
        value=None,
        identities=frozenset({RowKey(label, bounded(key))}),
        pk=key,
        by_pk=True,
        patterns=tuple(patterns.of_value("pk", None, key) or ()),
        example={"model": label, "pk": key, "fields": {}},
    )


def _patterns(field: AnyField, model: type[Model], named: _Named) -> list[re.Pattern[bytes]] | None:
    """Return what lines that speak of a row have in them; None if only the model's name is."""
    if has_natural_key(model) and field.primary_key:
        return None  # what it is made of is known to the project alone
    found: list[re.Pattern[bytes]] = []
    values = {("pk" if field.primary_key else field.name): (field, named.identity)}
    values["pk"] = (primary_key(model), named.pk)
    for name, (of, value) in values.items():
        if value is None:
            continue
        some = patterns.of_value(name, of, value)
        if some is None:
            return None
        found += some
    return found


def _parents(target: Target, model: type[Model], named: _Named) -> Iterator[Subject]:
    """Yield the rows of the parents' tables whose keys are the row's own."""
    for parent, link in concrete(model)._meta.parents.items():
        if link is None or not link.primary_key or named.pk is None:
            continue
        is_identity = target.identities.field(parent).primary_key
        above = named._replace(
            identity=named.pk if is_identity else None, natural=None, by_pk=not is_identity
        )
        yield _subject(target, parent, above)
        yield from _parents(target, parent, above)


def _notes(model: type[Model], field: AnyField) -> Iterator[str]:
    label = concrete(model)._meta.label_lower
    parents = [parent._meta.label_lower for parent in concrete(model)._meta.parents]
    if parents:
        yield f"{label} is a part of {', '.join(parents)}: the records of both are shown."
    children = [
        child._meta.label_lower
        for child in apps.get_models()
        if concrete(child) is child and concrete(model) in child._meta.get_parent_list()
    ]
    if children:
        yield (
            f"A row of {', '.join(children)} may have the same key: its own records are not shown"
            " here."
        )
    if has_natural_key(model) and field.primary_key:
        yield "Records that name it by its natural key are found by the key that it has now."


def _keys_of_the_row_here(target: Target, example: Serialized) -> set[str]:
    """Return the keys by which a log may name a row that is here: its pk, and its natural key."""
    if example["pk"] is None:
        return set()
    try:
        row: Any = find_rows(target, example).first()
        return set() if row is None else {natural_text(row.natural_key())}
    except Exception as error:  # natural_key() is the project's own code
        if is_of_the_database(error):
            raise
        return set()


def _pk_here(target: Target, model: type[Model], natural_key: list[Any]) -> Any | None:
    """Return the pk of the row that has a natural key."""
    try:
        return _pk_of(natural_keys.look_up(target, model, natural_key))
    except Exception as error:  # the manager's method is the project's own code
        if is_of_the_database(error):
            raise
        return None


def _pk_of(row: Model | None) -> Any | None:
    return None if row is None else primary_key(type(row)).value_to_string(row)


def _identity_here(
    target: Target, model: type[Model], field: AnyField, named: _Named
) -> dict[str, Any]:
    """Return what identifies the row; of one that is known by its number, as it is here."""
    if named.identity is not None:
        return {field.name: named.identity}
    row = target.rows(concrete(model)).filter(pk=named.pk).first()
    return {} if row is None else {field.name: field.value_to_string(row)}


def _names_of(model: type[Model]) -> frozenset[str]:
    """Return the labels of all models that have one table."""
    return frozenset(
        found._meta.label_lower
        for found in apps.get_models(include_auto_created=True)
        if concrete(found) is concrete(model)
    )


def _model(label: str) -> type[Model] | None:
    try:
        return find_model(label)
    except RecordError:
        return None


def _value(field: AnyField, key: str) -> Any | None:
    """Return what is logged of a field whose value somebody typed; None if it is no such value."""
    value = _json(key) if isinstance(field, CompositePrimaryKey) else key
    try:
        python_value(field, value)
    except Exception:  # custom fields raise anything
        return None
    return value


def _pk_text(model: type[Model] | None, pk: Any) -> str:
    return str(pk) if model is None else key_text(primary_key(model), pk)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
