"""The rows that a record refers to and that are not here.

A deferred foreign key fails at the commit, where the database names neither record nor row: the
only way to know is to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import ForeignKey, ManyToManyField, Model

from tui_ingest.ingest.exact import natural_keys
from tui_ingest.ingest.exact.database_errors import is_of_no_record
from tui_ingest.ingest.identity import natural_text, python_value, reference_text
from tui_ingest.ingest.model_fields import (
    AnyField,
    Serialized,
    concrete,
    foreign_keys,
    many_to_many,
    primary_key,
    referenced_fields,
)
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import Failure, Reason, RecordError, RowKey
from tui_ingest.ingest.target import Target


class MissingParent(NamedTuple):
    """A reference that leads nowhere."""

    child: str  # label of the model that refers
    field: str
    parent: RowKey  # its key is `field=value`, or `natural=[…]`

    def as_error(self) -> RecordError:
        needs, fields = (self.parent,), (self.field,)
        return RecordError(Reason.MISSING_PARENT, self.sentence(), needs=needs, fields=fields)

    def as_failure(self) -> Failure:
        return Failure(reason=Reason.MISSING_PARENT, error=self.sentence(), needs=(self.parent,))

    def sentence(self) -> str:
        return (
            f"{self.child} refers by its field {self.field} to {self.parent.model}"
            f" {self.parent.key}, which is not here. It is retried when that row arrives."
        )


class _Reference(NamedTuple):
    serialized: Serialized  # the object that refers
    field: ForeignKey[Any, Any] | ManyToManyField[Any, Any]
    value: Any  # as logged

    @property
    def model(self) -> type[Model]:
        return concrete(self.field.remote_field.model)

    @property
    def target(self) -> AnyField:
        """The field of the row referred to."""
        is_many = isinstance(self.field, ManyToManyField)
        return primary_key(self.model) if is_many else self.field.target_field

    @property
    def is_natural(self) -> bool:
        return natural_keys.is_one(self.model, self.value)

    def as_missing(self) -> MissingParent:
        value = self.value
        key = natural_text(value) if self.is_natural else reference_text(self.target, value)
        parent = RowKey(self.model._meta.label_lower, key)
        return MissingParent(self.serialized["model"], self.field.name, parent)


def missing_parents(target: Target, objects: Iterable[Serialized]) -> list[MissingParent]:
    """Return the references of a record's objects to rows that are in neither of the two.

    Objects of models that are not installed have none. Asks the database once per reference.
    """
    objects = [serialized for serialized in objects if _is_installed(serialized)]
    own = {key for serialized in objects for key in arrivals(serialized)}
    return [
        missing
        for serialized in objects
        for reference in _references(serialized)
        if (missing := reference.as_missing()).parent not in own and not _exists(target, reference)
    ]


def missing_parent(
    serialized: Serialized, field: ForeignKey[Any, Any] | ManyToManyField[Any, Any], place: int
) -> MissingParent:
    """Return an object's reference that is known to lead nowhere.

    Args:
        place: among those of a many-to-many field.
    """
    value = serialized["pk"] if field.primary_key else serialized["fields"][field.name]
    is_many = isinstance(field, ManyToManyField)
    return _Reference(serialized, field, value[place] if is_many else value).as_missing()


def missing_by_natural_key(
    target: Target, serialized: Serialized, field: Any, value: Any
) -> MissingParent | None:
    """Return an object's reference, or one of several, whose natural key nothing has."""
    for item in value if isinstance(field, ManyToManyField) else [value]:
        reference = _Reference(serialized, field, item)
        if reference.is_natural and not _by_natural_key(target, reference):
            return reference.as_missing()
    return None


def arrivals(serialized: Serialized) -> list[RowKey]:
    """Return how others refer to the row that an object brings: by pk, or by a `to_field`."""
    model = concrete(find_model(serialized["model"]))
    values = {**serialized.get("fields", {}), primary_key(model).name: serialized.get("pk")}
    return [
        RowKey(model._meta.label_lower, reference_text(field, values[field.name]))
        for field in referenced_fields(model)
        if values.get(field.name) is not None
    ]


def _is_installed(serialized: Serialized) -> bool:
    try:
        find_model(serialized["model"])
    except RecordError:
        return False
    return True


def _references(serialized: Serialized) -> Iterator[_Reference]:
    model = find_model(serialized["model"])
    fields = serialized.get("fields", {})
    for field in foreign_keys(model):
        value = serialized.get("pk") if field.primary_key else fields.get(field.name)
        if value is not None and _is_enforced(field):
            yield _Reference(serialized, field, value)
    for many in many_to_many(model):
        for value in fields.get(many.name) or ():
            yield _Reference(serialized, many, value)


def _is_enforced(field: Any) -> bool:
    """A foreign key without a constraint may lead nowhere, at the source as well."""
    return bool(field.db_constraint)


def _exists(target: Target, reference: _Reference) -> bool:
    if reference.is_natural:
        return _by_natural_key(target, reference)
    try:
        value = python_value(reference.target, reference.value)
    except Exception:  # no value of that field: the record fails for another reason
        return True
    rows = target.rows(reference.model)
    return rows.filter(**{reference.target.name: value}).exists()


def _by_natural_key(target: Target, reference: _Reference) -> bool:
    try:
        natural_keys.look_up(target, reference.model, reference.value)
    except ObjectDoesNotExist:
        return False
    except Exception as error:  # several rows, or code of the project's that fails by now
        if is_of_no_record(error):
            raise
    return True
