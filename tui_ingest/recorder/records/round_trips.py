"""Whether fields come back from a log as they were: each is tried with values of its table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core import serializers
from django.db import Error
from django.db.models import Model

from tui_ingest.recorder.records.rounds import to_json
from tui_ingest.recorder.records.rows import RowReader

_ROWS = 20  # the newest, to be tried


def changed_fields(model: type[Model], database: str) -> Iterator[tuple[str, str]]:
    """Yield the names of fields whose values change on their way, and how."""
    try:
        rows = list(RowReader(database).all(model).order_by("-pk")[:_ROWS])
    except Error:
        return  # a table that was not migrated yet
    except Exception as error:  # whatever a field of the project's own raises
        yield "(one that cannot be read)", f"{type(error).__name__}: {error}"
        return
    fields: tuple[Any, ...] = tuple(model._meta.local_concrete_fields)
    for field in fields:
        if field.remote_field is not None or field.generated or not field.serialize:
            continue
        for row in rows:
            why = _difference(field, row)
            if why:
                yield field.name, why
                break


def _difference(field: Any, row: Model) -> str:
    """Return how a value differs after the round trip; an empty string if it does not."""
    value = getattr(row, field.attname)
    if value is None:
        return ""
    try:
        [data] = serializers.serialize("python", [row], fields=[field.name])
        logged = data["pk"] if field.primary_key else data["fields"][field.name]
        [there] = json.loads(to_json([{"value": logged}]))
        back = field.to_python(there["value"])
        same = field.get_prep_value(back) == field.get_prep_value(value)
    except Exception as error:  # whatever a field of the project's own raises
        return f"{type(error).__name__}: {error}"
    return "" if same else f"{value!r:.80} became {back!r:.80}."
