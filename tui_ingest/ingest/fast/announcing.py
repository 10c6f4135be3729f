"""The receivers that RECEIVERS names, told of a whole run: all `pre_` signals, and all `post_`.

In log order, with what the exact path would tell them. See `exact.announcing`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import DEFERRED, Field, ForeignKey, Model, signals
from django.db.models.base import ModelState
from django.db.models.query_utils import DeferredAttribute

from tui_ingest.ingest.exact.sequences import Counters
from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.columns import Column, spelled
from tui_ingest.ingest.fast.gathering import Group, RowRefusedError, Window
from tui_ingest.ingest.fast.kinds import Values
from tui_ingest.ingest.fast.tables import Table
from tui_ingest.ingest.receivers import DELETING, SAVING, Receiver, call
from tui_ingest.ingest.target import Target, chunks

Given = dict[str, Any]

_static = inspect.getattr_static


class _Told(NamedTuple):
    """A record that receivers are told of."""

    entry: int  # its index
    instance: Model
    told: _Telling
    given: tuple[Given, Given]  # besides: before the rows are written, and after


class _Telling(NamedTuple):
    """Whom a change of a table is told."""

    sender: type[Model]
    signals: tuple[str, str]  # before the rows are written, and after
    receivers: tuple[list[Receiver], list[Receiver]]


class RunAnnouncements:
    """Tells the receivers of one window, between whose two calls it is written."""

    def __init__(self, target: Target, window: Window, counters: Counters) -> None:
        self._target = target
        self._counters = counters
        told: list[_Told] = []
        for table in dict.fromkeys(group.table for group in (*window.saves, *window.deletes)):
            saving, deleting = self._telling(table, SAVING), self._telling(table, DELETING)
            if saving or deleting:
                saved = _Saved(table, [group for group in window.saves_of(table) if group.indexes])
                told += saved.told(saving) if saving else ()
                for group in window.deletes_of(table) if deleting else ():
                    told += self._deleted(group, saved, deleting)
        self._told = sorted(told, key=lambda one: one.entry)

    def before(self) -> None:
        """Send the `pre_` signals.

        Raises:
            RowRefusedError: a receiver raised; which one, the exact path will say.
        """
        self._tell(0)

    def after(self) -> None:
        """Send the `post_` signals; raises as `before`."""
        for one in self._told:
            one.instance._state.db = self._target.database
            one.instance._state.adding = False
        self._tell(1)

    def _tell(self, place: int) -> None:
        if self._told:
            self._counters.move()  # a receiver may make rows of any model
        database = self._target.database
        for index, instance, told, given in self._told:
            receivers, signal = told.receivers[place], told.signals[place]
            try:
                told_of = {"instance": instance, "using": database, **given[place]}
                call(receivers, signal, told.sender, **told_of)
            except Exception as error:
                raise RowRefusedError(index) from error

    def _telling(self, table: Table, signals: tuple[str, str]) -> _Telling | None:
        before, after = (self._target.receivers.called(name, table.model) for name in signals)
        return _Telling(table.model, signals, (before, after)) if before or after else None

    def _deleted(self, group: Group, saved: _Saved, telling: Any) -> Iterator[_Told]:
        rows = self._rows(group, saved)
        for identity, index in zip(group.identities, group.indexes, strict=True):
            instance = rows.pop(identity, None) or saved.take(identity)
            if instance is not None:  # the first of several deletes finds it
                origin = {"origin": instance}
                yield _Told(index, instance, telling, (origin, origin))

    def _rows(self, group: Group, saved: _Saved) -> dict[Any, Model]:
        """Return the rows that are here, were not saved in the window, and are to go."""
        table, field = group.table, group.table.identity.field
        found: dict[Any, Model] = {}
        for chunk in chunks({*group.identities} - saved.last.keys()):
            for row in self._target.rows(table.model).filter(**{f"{field.name}__in": chunk}):
                value = field.get_db_prep_save(getattr(row, field.attname), table.connection)
                found[spelled(value)] = row
        return found


class _Saved:
    """The records of a window that save rows of one table.

    Attributes:
        last: which of them left the row as it is, by what identifies it.
    """

    def __init__(self, table: Table, groups: list[Group]) -> None:
        wanted = {identity for group in groups for identity in group.identities}
        by, pk = table.ref(table.identity), table.ref(table.pk)
        here = dict(lookups.related(by, [by, pk], wanted, table.connection))
        pks = [[*(group.of(table.pk.name) or ())] for group in groups]
        self.last: dict[Any, tuple[int, int]] = {}  # group and place in it
        self._order: list[tuple[int, int, int, bool]] = []  # entry, group, place, is it new
        self._instances = [_Instances(group, own) for group, own in zip(groups, pks, strict=True)]
        for index, number, at in _in_log_order(groups):
            identity = groups[number].identities[at]
            self._order.append((index, number, at, identity not in here))
            pks[number][at] = here.setdefault(identity, pks[number][at])
            self.last[identity] = number, at

    def told(self, telling: _Telling) -> Iterator[_Told]:
        """Yield what receivers are told of each."""
        given = [(_given(one, is_new=False), _given(one, is_new=True)) for one in self._instances]
        for index, number, at, is_new in self._order:
            yield _Told(index, self._instances[number].make(at), telling, given[number][is_new])

    def take(self, identity: Any) -> Model | None:
        """Return, once, the row as it was saved last; None if it was not."""
        number, at = self.last.pop(identity, (None, 0))
        return None if number is None else self._instances[number].make(at)


def _in_log_order(groups: list[Group]) -> list[tuple[int, int, int]]:
    """Return index of the entry, number of the group, and place in it, of every record."""
    return sorted(
        (index, number, at)
        for number, group in enumerate(groups)
        for at, index in enumerate(group.indexes)
    )


def _given(instances: _Instances, *, is_new: bool) -> tuple[Given, Given]:
    before = {"raw": True, "update_fields": None if is_new else instances.updated}
    return before, {**before, "created": is_new}


class _Instances:
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
