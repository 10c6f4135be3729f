"""Fields whose values do not come back from a log as they were.

Django's serializers ask a field for text by `value_to_string`, and its deserializer reads that by
`to_python`: a field of the project's own that lacks one of them changes its values on the way, and
nothing at the target can tell.
"""

from __future__ import annotations

from typing import Any

from django.core import serializers
from django.db import Error
from django.db.models import Model
from django.db.models.base import ModelState

from tui_ingest.ingest.target import Target

_ROWS = 20  # of the table, to be tried
_SHOWN = 80  # characters of a value


def changed_fields(target: Target, model: type[Model]) -> dict[str, str]:
    """Return how values change, by field: tried with rows of the table and the field's default."""
    try:
        with target.atomic():
            rows = [*target.rows(model).order_by("pk")[:_ROWS]]
    except Error:
        rows = []  # a table that was not migrated yet
    except Exception as error:  # whatever a field of the project's own raises
        return {"(one of them)": f"no row can be read: {type(error).__name__}: {error}"}
    found = {}
    fields: tuple[Any, ...] = tuple(model._meta.local_concrete_fields)
    for field in fields:
        if field.remote_field is None and not field.generated and field.serialize:
            differences = (_difference(field, row) for row in _with_default(model, field, rows))
            if why := next(filter(None, differences), ""):
                found[field.name] = why
    return found


def _with_default(model: type[Model], field: Any, rows: list[Model]) -> list[Model]:
    """Return the rows, and one with the value that the field begins with."""
    if field.has_db_default() or field.primary_key:
        return rows
    made = model.__new__(model)
    made._state = ModelState()
    made.__dict__[field.attname] = field.get_default()
    return [*rows, made]


def _difference(field: Any, row: Model) -> str:
    value = row.__dict__.get(field.attname)
    if value is None:
        return ""
    try:
        back = field.to_python(_logged(field, row))
        same = field.get_prep_value(back) == field.get_prep_value(value)
    except Exception as error:  # as above
        return f"{type(error).__name__}: {error}"
    return "" if same else f"{value!r:.{_SHOWN}} becomes {back!r:.{_SHOWN}}"


def _logged(field: Any, row: Model) -> Any:
    """Return the value as Django's serializers hand it to an encoder."""
    serializer: Any = serializers.get_serializer("python")()
    return serializer._value_from_field(row, field)
