"""The keys of many rows by their natural keys, where these are but values of columns.

What a natural key is made of, only the project's `get_by_natural_key` knows. So it is called for
each key, with something in place of the rows that notes which one it asks for. If it gives that one
back, and has done nothing else, the rows of all keys are looked up together. Whatever is not found
in this way is for the exact path. Where records bring no primary key, `natural_key` is asked, too:
once, with something in place of a row that notes which of its values make up the key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from types import FunctionType, MethodType
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model, QuerySet

from tui_ingest.ingest.exact.clashes import unique_sets
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.fast.kinds import KEYS
from tui_ingest.ingest.model_fields import concrete, foreign_keys
from tui_ingest.ingest.target import Target

KEYS_AT_ONCE = 100  # natural keys in a query, each of a few values

NaturalKey = tuple[Any, ...]


class UnknownError(Exception):
    """What the project's method does is more than to ask for a row by values of its columns."""


class _Opaque:
    """A row, or a value of one. Nothing but to be given back: who looks at it does more."""

    def _refuse(self, *_: object) -> Any:
        raise UnknownError

    __getattribute__ = __bool__ = __eq__ = __hash__ = _refuse


class _Rows:
    """In place of a query set: notes which row is asked for."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self.asked: list[dict[str, Any]] = []
        self.row = _Opaque()

    def itself(self) -> _Rows:
        return self

    def get(self, **asked: Any) -> _Opaque:
        self.asked.append(asked)
        return self.row

    def get_by_natural_key(self, *key: Any) -> Any:
        """Of a manager that was made from a query set."""
        return self._kind.get_by_natural_key(self, *key)


class _Noted:
    """In place of a row: notes which of its values, and of rows it refers to, are asked for."""

    def __init__(self, model: Any, prefix: str, asked: dict[str, _Opaque]) -> None:
        self.__dict__["_noted"] = model, prefix, asked

    def __getattr__(self, name: str) -> Any:
        model, prefix, asked = self.__dict__["_noted"]
        with suppress(FieldDoesNotExist):
            field: Any = model._meta.get_field(name)
            if not field.concrete or field.primary_key or field.model is not model:
                raise UnknownError
            if name != field.attname:
                return _Noted(concrete(field.related_model), f"{prefix}{field.name}__", asked)
            return asked.setdefault(f"{prefix}{field.name}", _Opaque())
        found = getattr(model, name)
        if isinstance(found, FunctionType):
            return MethodType(found, self)
        if isinstance(found, str):
            return found  # the likes of USERNAME_FIELD
        raise UnknownError


def own_fields(model: type[Model]) -> frozenset[str]:
    """Return the fields of a model whose values are the natural key of a row, and by which alone
    the project's methods find it again; none if it is more than that, or not known.
    """
    asked: dict[str, _Opaque] = {}
    try:
        parts = tuple(model.natural_key(_Noted(model, "", asked)))  # type: ignore[attr-defined]
        ((_, sought),) = _asked(model, [parts])
        found = {_name(model, path): value for path, value in sought.items()}
        if found.keys() != asked.keys() or any(found[path] is not asked[path] for path in asked):
            return frozenset()
        return frozenset(_fixed(model, asked))
    except MemoryError:
        raise
    except Exception:  # the methods are the project's own code
        return frozenset()


def _name(model: type[Model], path: str) -> str:
    """Return a name in a query as `_Noted` has it."""
    head, _, rest = path.partition("__")
    field = _field(model, head)
    return f"{field.name}__{_name(field.related_model, rest)}" if rest else field.name


def _fixed(model: type[Model], paths: Iterable[str]) -> set[str]:
    """Return the fields whose values are what is left open, if those at some paths are known.

    Raises:
        UnknownError: they do not say which row is referred to.
    """
    by_head: dict[str, set[str]] = {}
    for path in paths:
        head, _, rest = path.partition("__")
        by_head.setdefault(head, set()).add(rest)
    for head, rests in by_head.items():
        if "" not in rests:
            key = _field(model, head)
            there = _fixed(key.related_model, rests)
            if not key.db_constraint or not _is_one_row(key.related_model, there):
                raise UnknownError
    return {*by_head}


def _is_one_row(model: type[Model], names: set[str]) -> bool:
    """Tell whether only one row has some values of these fields."""
    return any(
        names.issuperset(unique.names)
        and not (unique.condition or unique.is_deferred)
        and not unique.expressions
        and not any(_field(model, name).null for name in unique.names)
        for unique in unique_sets(model)
    )


def depends_on(model: type[Model]) -> frozenset[type[Model]]:
    """Return the models whose rows a natural key of a model may be looked up among."""
    found: set[type[Model]] = set()
    left = [concrete(model)]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += [concrete(key.remote_field.model) for key in foreign_keys(one)]
            left += one._meta.all_parents
    return frozenset(found)


def keys_of(
    target: Target, model: type[Model], field: Field[Any, Any], names: Collection[NaturalKey]
) -> dict[NaturalKey, Any]:
    """Return the values of a field of the rows that have some natural keys, as far as is known."""
    try:
        with target.atomic():  # the method may ask the database all the same
            asked = dict(_asked(model, names, using=target.database))
            return dict(_found(target, model, field, asked))
    except MemoryError:
        raise
    except Exception as error:  # the method is the project's own code
        if is_of_the_database(error) or target.connection.needs_rollback:
            raise
        return {}


def _asked(
    model: type[Model], names: Collection[NaturalKey], *, using: str | None = None
) -> Iterator[tuple[NaturalKey, Mapping[str, Any]]]:
    """Yield what the project's method asks for: values by the names of fields, as in a query.

    Args:
        using: the database in which the method may look for other rows, as that of permissions
            does for content types; their numbers are others elsewhere.
    """
    manager: Any = model._default_manager.db_manager(using)
    kind = getattr(manager, "_queryset_class", QuerySet)
    if kind.get is not QuerySet.get:
        raise UnknownError
    for name in names:
        rows = _Rows(kind)
        manager.get_queryset = rows.itself
        with suppress(TypeError):  # of so many parts no key is made
            if manager.get_by_natural_key(*name) is not rows.row or len(rows.asked) != 1:
                raise UnknownError
            yield name, rows.asked[0]


def _found(
    target: Target,
    model: type[Model],
    field: Field[Any, Any],
    asked: Mapping[NaturalKey, Mapping[str, Any]],
) -> Iterator[tuple[NaturalKey, Any]]:
    paths = sorted(next(iter(asked.values()), ()))
    fields = [_column(model, path) for path in paths]
    wanted: dict[NaturalKey, list[NaturalKey]] = {}
    for name, values in asked.items():
        if sorted(values) == paths and {*map(type, values.values())} <= {str, int, UUID}:
            ordered = zip(fields, paths, strict=True)
            sought = tuple(of.to_python(values[path]) for of, path in ordered)
            wanted.setdefault(sought, []).append(name)
    found: dict[NaturalKey, list[Any]] = {}
    for start in range(0, len(wanted), KEYS_AT_ONCE):
        columns = zip(*[*wanted][start : start + KEYS_AT_ONCE], strict=True)
        some = {f"{path}__in": {*of} for path, of in zip(paths, columns, strict=True)}
        rows = target.rows(model).filter(**some).order_by()
        for *values, key in rows.values_list(*paths, field.attname):
            found.setdefault(tuple(values), []).append(key)
    for sought, keys in found.items():
        for name in wanted.get(sought, ()) if len(keys) == 1 else ():
            yield name, keys[0]


def _column(model: type[Model], path: str) -> Field[Any, Any]:
    """Return the field that a name in a query leads to, by foreign keys.

    Raises:
        UnknownError: it is no such name, or two values of the field may be the same.
    """
    *keys, last = path.split("__")
    for name in keys:
        key = _field(model, name)
        if not isinstance(key, ForeignKey):
            raise UnknownError
        model = key.remote_field.model
    found: Field[Any, Any] = _field(model, last)
    if type(found) not in KEYS or getattr(found, "db_collation", None):
        raise UnknownError
    return found


def _field(model: type[Model], name: str) -> Any:
    return model._meta.pk if name == "pk" else model._meta.get_field(name)
