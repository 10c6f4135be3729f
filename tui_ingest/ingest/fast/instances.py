"""Model instances of many records at once, for receivers to be shown."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db.models import DEFERRED, Field, ForeignKey, Model, signals
from django.db.models.base import ModelState
from django.db.models.query_utils import DeferredAttribute

from tui_ingest.ingest.fast.columns import Column
from tui_ingest.ingest.fast.gathering import Group
from tui_ingest.ingest.fast.kinds import Values

_static = inspect.getattr_static


class Instances:
    """Makes an instance of each record of a group, as Django's deserializer would.

    Args:
        pks: of the rows, by place of the record in its group.
    """

    def __init__(self, group: Group, pks: Values) -> None:
        self._group = group
        self._model = group.table.model
        self._pks = pks
        names = group.plan.places.keys() & group.table.shape.columns
        # What Django calls `update_fields` where the row is here.
        self.updated = None if names == group.table.shape.columns else frozenset(names)

    @cached_property
    def _rows(self) -> list[tuple[Any, ...]]:
        return [*zip(*self._columns.values(), strict=True)]

    @cached_property
    def _columns(self) -> dict[str, Values]:
        """The values by `attname`, but for those that only the database knows."""
        columns = {f.attname: self._values(f) for f in self._model._meta.concrete_fields}
        return {name: values for name, values in columns.items() if values is not None}

    @cached_property
    def _make(self) -> Callable[[tuple[Any, ...]], Model]:
        model, names = self._model, [*self._columns]

        def plainly(values: tuple[Any, ...]) -> Model:
            """As `Model.__init__` does, in a fifth of its time."""
            instance = model.__new__(model)
            instance.__dict__ = dict(zip(names, values, strict=True))
            instance._state = ModelState()
            return instance

        def by_django(values: tuple[Any, ...]) -> Model:
            given = dict(zip(names, values, strict=True))
            return model(*(given.get(f.attname, DEFERRED) for f in model._meta.concrete_fields))

        return plainly if _is_plain(model) else by_django

    def make(self, at: int) -> Model:
        """Return an instance of the record at a place."""
        return self._make(self._rows[at])

    def _values(self, field: Field[Any, Any]) -> Values | None:
        """Return the values of a field, record by record, as Python has them."""
        group = self._group
        if field is group.table.pk.field:
            return [*map(field.to_python, self._pks)]
        place = group.plan.places.get(field.name)
        if place is not None:
            column = group.plan.columns[place]
            assert column is not None  # noqa: S101  # `places` has no others
            return _converted(column, [row[place] for row in group.rows])
        for column, default in group.plan.defaults.items():
            if column.field is field:
                drawn = group.drawn[column] = [default() for _ in group.rows]
                return drawn
        return None  # the database makes it


def _converted(column: Column, values: Values) -> Values:
    to_python = column.target.to_python
    values = column.named(values)
    if not column.field.is_relation:
        return [*map(to_python, values)]
    known = {value: to_python(value) for value in set(values)}  # many rows have one parent
    return [known[value] for value in values]


def _is_plain(model: type[Model]) -> bool:
    """Tell whether making an instance is nothing but taking note of its values."""
    own = any(_static(model, name) is not _static(Model, name) for name in _METHODS)
    is_heard = any(signal.has_listeners(model) for signal in (signals.pre_init, signals.post_init))
    descriptors = {type(_static(model, f.attname)) for f in model._meta.concrete_fields}
    return not own and not is_heard and descriptors <= _PLAIN


_METHODS = ("__init__", "__setattr__")
_PLAIN = {DeferredAttribute, ForeignKey.descriptor_class}
