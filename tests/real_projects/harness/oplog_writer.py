"""Writes a log by looking at the tables before and after, so that no way of writing escapes it."""

from __future__ import annotations

import datetime
import itertools
import time
from enum import Enum

from django.core.serializers.json import DjangoJSONEncoder, Serializer
from django.db.models import ForeignKey, ManyToManyField
from django.db.models.base import ModelState
from django.db.models.query import QuerySet

from tests.real_projects.harness.tables import NUMBERED_BY_EACH_DATABASE


class Order(Enum):
    """In which order the records of one call are written."""

    PARENTS_FIRST = "parents-first"  # and what frees a unique value before what takes it
    # Saves table by table, then deletes, children first as Django deletes them: what refers to each
    # other or has exchanged unique values comes apart, and what was made anew comes before the
    # deletion of the old.
    BY_TABLE = "by-table"


class ExactEncoder(DjangoJSONEncoder):
    """Django's, but for the microseconds that it cuts off."""

    def default(self, value):
        if isinstance(value, datetime.datetime | datetime.time):
            return value.isoformat()
        return super().default(value)


class RowSerializer(Serializer):
    """Django's, but for what it asks a manager for and what each database numbers by itself."""

    def handle_fk_field(self, obj, field):
        value = self._value_from_field(obj, field)
        if value is not None and field.related_model in NUMBERED_BY_EACH_DATABASE:
            row = QuerySet(field.related_model).get(**{field.target_field.attname: value})
            value = row.natural_key()
        self._current[field.name] = value

    def handle_m2m_field(self, obj, field):
        through = field.remote_field.through
        if not through._meta.auto_created:
            return
        here = field.m2m_column_name()
        columns = {column.column: column for column in through._meta.local_fields}
        near, far = columns[here], columns[field.m2m_reverse_name()]
        keys = QuerySet(through).filter(**{near.attname: obj.pk}).order_by("pk")
        keys = list(keys.values_list(far.attname, flat=True))
        if field.related_model in NUMBERED_BY_EACH_DATABASE:
            rows = QuerySet(field.related_model).filter(pk__in=keys)
            keys = [row.natural_key() for row in rows]
        self._current[field.name] = keys


class OplogWriter:
    """Appends what lies between two states of all tables to one log."""

    def __init__(self, path, order):
        self._path = path
        self._order = order
        self._clock = itertools.count(int(time.time() * 1_000_000))  # microseconds, never twice

    def write(self, before, after):
        """Write the records of one call.

        Args:
            before, after: of `tables.state()`.
        """
        saved, deleted = _changes(before, after)
        deleted = _parents_first(deleted, before)[::-1]
        freed = []
        if self._order is Order.PARENTS_FIRST:
            saved = _parents_first(saved, after)
            freed = _freed(deleted, before, saved, after)
        with self._path.open("ab") as log:
            for model, pk in freed:
                log.write(self._line("DELETE", _instance(model, before[model][pk])))
            for model, pk in saved:
                log.write(self._line("SAVE", _instance(model, after[model][pk])))
            for model, pk in deleted:
                if (model, pk) not in freed:
                    log.write(self._line("DELETE", _instance(model, before[model][pk])))

    def _line(self, operation, instance):
        content = RowSerializer().serialize([instance], cls=ExactEncoder)
        seconds, microseconds = divmod(next(self._clock), 1_000_000)
        return f"{seconds}.{microseconds:06d} {operation} {content}\n".encode()


def _instance(model, values):
    names = [field.attname for field in model._meta.local_concrete_fields]
    instance = model.__new__(model)  # an __init__ of the project's own may ask a manager
    instance.__dict__.update(zip(names, values, strict=True))
    instance._state = ModelState()
    return instance


def _changes(before, after):
    """Rows saved and rows deleted, table by table; a many-to-many row is a change of its owner."""
    saved, deleted = {}, {}  # as ordered sets
    for model, rows in after.items():
        earlier = before[model]
        changed = [pk for pk, values in rows.items() if earlier.get(pk) != values]
        gone = [pk for pk in earlier if pk not in rows]
        if model._meta.auto_created:
            owner, near = _owner(model)
            position = [f.attname for f in model._meta.local_concrete_fields].index(near)
            keys = [rows[pk][position] for pk in changed] + [earlier[pk][position] for pk in gone]
            saved.update(((owner, key), None) for key in keys if key in after[owner])
        else:
            saved.update(((model, pk), None) for pk in changed)
            deleted.update(((model, pk), None) for pk in gone)
    places = {model: place for place, model in enumerate(after)}
    return sorted(saved, key=lambda row: places[row[0]]), list(deleted)


def _owner(through):
    """The model that declares a many-to-many field, and its column in the field's own table."""
    owner = through._meta.auto_created
    for field in owner._meta.local_many_to_many:
        if isinstance(field, ManyToManyField) and field.remote_field.through is through:
            column = field.m2m_column_name()
            near = next(f for f in through._meta.local_fields if f.column == column)
            return owner._meta.concrete_model, near.attname
    raise LookupError(f"{through._meta.label} belongs to no field")


def _parents_first(rows, state):
    """Parents before children as far as there is such an order; cycles stay as they come."""
    waiting = dict.fromkeys(rows)
    placed = {}

    def place(row, path):
        if row in placed or row not in waiting or row in path:
            return
        for parent in _parents(row, state):
            place(parent, path | {row})
        placed[row] = None

    for row in rows:
        place(row, frozenset())
    return list(placed)


def _parents(row, state):
    model, pk = row
    for field, value in zip(model._meta.local_concrete_fields, state[model][pk], strict=True):
        if value is None or not isinstance(field, ForeignKey):
            continue
        parent = field.related_model._meta.concrete_model
        if field.target_field.primary_key:
            yield parent, value
    for field in model._meta.local_many_to_many:
        through = field.remote_field.through
        if not isinstance(field, ManyToManyField) or through not in state:
            continue
        columns = [f.column for f in through._meta.local_concrete_fields]
        near = columns.index(field.m2m_column_name())
        far = columns.index(field.m2m_reverse_name())
        for values in state[through].values():
            if values[near] == pk:
                yield field.related_model._meta.concrete_model, values[far]


def _freed(deleted, before, saved, after):
    """Deleted rows that hold a unique value which a saved row takes."""
    taken = set()
    for model, pk in saved:
        taken.update(_unique_values(model, after[model][pk]))
    return [
        (model, pk)
        for model, pk in deleted
        if not taken.isdisjoint(_unique_values(model, before[model][pk]))
    ]


def _unique_values(model, values):
    by_name = {f.name: v for f, v in zip(model._meta.local_concrete_fields, values, strict=True)}
    sets = [(f.name,) for f in model._meta.local_concrete_fields if f.unique and not f.primary_key]
    sets += map(tuple, model._meta.unique_together)
    sets += (c.fields for c in model._meta.total_unique_constraints)
    for names in sets:
        found = tuple(by_name.get(name) for name in names)
        if None not in found:
            yield model, names, repr(found)
