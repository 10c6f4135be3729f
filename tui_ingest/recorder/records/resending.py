"""The first copy, and every later repair: rows written again in the order of their keys.

Nothing is noted for them: each round reads the next rows together with what is pending, in one
snapshot. So what is sent is never older than what is in the log already, live changes go first,
and all that has to be remembered is the key of the last row.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db.models import Model, QuerySet

from tui_ingest.recorder.captures import recorded_models
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.errors import RecorderError, is_of_the_row
from tui_ingest.recorder.models import Change, Resend, stored
from tui_ingest.recorder.records.ordering import ModelGraph
from tui_ingest.recorder.records.rows import RowReader, key_of, row_of_key

KEYS_AT_ONCE = 500  # of a list of keys, in one resend
# What rows refer to among themselves comes with them, up to so many times as many rows. The rest
# is left to an ingester, which has them wait for each other.
_MOST_RELATED = 4


@dataclass(kw_only=True)
class Chunk:
    """The rows of a resend that come next."""

    resend: Resend
    rows: list[Model]  # with those that they refer to
    count: int  # of the resend's own, unreadable ones included
    unreadable: dict[str, str]  # JSON of a key: why its row cannot be read
    after: str | None  # JSON, the key of the last row
    is_last: bool


def labels_in_order(labels: Sequence[str], database: str) -> list[str]:
    """Return the models to resend, those first that others refer to; all, if none is named.

    Raises:
        RecorderError: one is not recorded.
    """
    models = recorded_models(get_settings(), database)
    graph = ModelGraph(models)
    known = {model._meta.label_lower: model for model in models}
    if unknown := [label for label in labels if label.lower() not in known]:
        raise RecorderError(
            f"{unknown[0]} is not recorded here. Recorded are: {', '.join(sorted(known))}."
        )
    chosen = {label.lower() for label in labels} or known.keys()
    return sorted(chosen, key=lambda label: (graph.rank(known[label]), label))


def add(
    label: str,
    database: str,
    *,
    keys: Sequence[Sequence[str]] | None = None,
    where: tuple[str, str] | None = None,
    why: str = "",
) -> list[Resend]:
    """Have rows of a model sent by the relay: all, those of some keys, or with a value in a field.

    Args:
        why: for a person.

    Raises:
        RecorderError: the selection makes no sense.
    """
    model, resends = apps.get_model(label), stored(Resend, database)
    if keys is not None:
        pieces = (keys[start : start + KEYS_AT_ONCE] for start in range(0, len(keys), KEYS_AT_ONCE))
        return [
            resends.create(
                model=label, keys=json.dumps(_checked(model, piece)), total=len(piece), why=why
            )
            for piece in pieces
        ]
    text = json.dumps(where) if where else None
    try:
        rows = _selected(model, text, database)
        total, last = rows.count(), rows.order_by("-pk").values_list("pk", flat=True).first()
    except (FieldError, FieldDoesNotExist, ValidationError, ValueError, TypeError) as error:
        raise RecorderError(f"No rows of {label} can be found by {where}: {error}") from error
    if last is None:
        return []
    upto = _text_of(model, _as_list(last))
    return [resends.create(model=label, where=text, upto=upto, total=total, why=why)]


def _checked(model: type[Model], keys: Sequence[Sequence[str]]) -> list[list[str]]:
    for key in keys:
        try:
            _key(model, key)
        except (ValidationError, ValueError, TypeError) as error:
            raise RecorderError(
                f"{'/'.join(key)} is no key of {model._meta.label}: {error}"
            ) from error
    return [list(key) for key in keys]


def _selected(model: type[Model], where: str | None, database: str) -> QuerySet[Model]:
    rows = RowReader(database).all(model)
    if where is None:
        return rows
    field, value = json.loads(where)
    return rows.filter(**{field: value})


def _key(model: type[Model], texts: Sequence[str]) -> list[Any]:
    return [f.to_python(text) for f, text in zip(model._meta.pk_fields, texts, strict=True)]


def key_text(row: Model) -> str:
    """Return a row's key as resends keep it: JSON of a list of texts."""
    return json.dumps([field.value_to_string(row) for field in type(row)._meta.pk_fields])


# In a round


def next_chunk(database: str, graph: ModelGraph, limit: int) -> Chunk | None:
    """Return up to `limit` rows of the first resend that waits; None without one."""
    waiting = stored(Resend, database).filter(state=Resend.State.WAITING)
    resend = waiting.order_by("id").first() if limit > 0 else None
    if resend is None:
        return None
    model = apps.get_model(resend.model)
    reader = RowReader(database)
    given = None if resend.keys is None else [_key(model, k) for k in json.loads(resend.keys)]
    following = _following(resend, model, database)
    unreadable: dict[str, str] = {}
    try:
        if given is not None:
            rows = list(reader.by_key(model, given).values())
        else:
            rows = list(following[:limit])
        after = key_text(rows[-1]) if rows else resend.after
    except Exception as error:
        if not is_of_the_row(error):
            raise
        keys = given or [_as_list(key) for key in following.values_list("pk", flat=True)[:limit]]
        rows, unreadable = _one_by_one(model, keys, reader)
        after = _text_of(model, keys[-1])
    count = len(rows) + len(unreadable)
    if graph.is_cyclic(model):
        rows = _with_related(rows, graph, reader)
    return Chunk(
        resend=resend,
        rows=rows,
        count=count,
        unreadable=unreadable,
        after=None if given is not None else after,
        is_last=given is not None or count < limit,
    )


def _one_by_one(
    model: type[Model], keys: Sequence[Sequence[Any]], reader: RowReader
) -> tuple[list[Model], dict[str, str]]:
    """Return the rows that can be read, and why others cannot."""
    rows: list[Model] = []
    unreadable: dict[str, str] = {}
    for key in keys:
        try:
            rows += reader.by_key(model, [key]).values()
        except Exception as error:
            if not is_of_the_row(error):
                raise
            unreadable[_text_of(model, key)] = f"{type(error).__name__}: {error}"
    return rows, unreadable


def _as_list(key: Any) -> list[Any]:
    return list(key) if isinstance(key, tuple) else [key]


def _text_of(model: type[Model], key: Sequence[Any]) -> str:
    return key_text(row_of_key(model, key))


def _following(resend: Resend, model: type[Model], database: str) -> QuerySet[Model]:
    rows = _selected(model, resend.where, database).order_by("pk")
    for lookup, text in (("pk__gt", resend.after), ("pk__lte", resend.upto)):
        if text is not None:
            key = _key(model, json.loads(text))
            rows = rows.filter(**{lookup: key[0] if len(key) == 1 else tuple(key)})
    return rows


def _with_related(rows: list[Model], graph: ModelGraph, reader: RowReader) -> list[Model]:
    """Add the rows that these refer to, of models that refer to each other."""
    known = {(type(row), key_of(row)): row for row in rows}
    new = list(rows)
    while new and len(known) < _MOST_RELATED * len(rows):
        wanted: dict[tuple[type[Model], str], set[Any]] = defaultdict(set)
        for row in new:
            for relation in graph.inner_relations(type(row)):
                value, target = getattr(row, relation.attname), relation.target_field
                if value is not None:
                    wanted[target.model, target.name].add(value)
        new = []
        for (model, name), values in wanted.items():
            for row in reader.by_value(model, name, values):
                if (type(row), key_of(row)) not in known:
                    known[type(row), key_of(row)] = row
                    new.append(row)
    return list(known.values())


def settle(chunk: Chunk, database: str) -> None:
    """Note that a chunk is in the log; if nobody has paused or given up its resend, go on.

    A row that cannot be read is held as a change of it would be.
    """
    now = time.time()
    resend = chunk.resend
    for key, why in chunk.unreadable.items():
        stored(Change, database).create(
            model=resend.model, key=key, operation="save", at=now, held=why
        )
    values: dict[str, Any] = {"after": chunk.after, "sent": resend.sent + chunk.count}
    if resend.began is None:
        values["began"] = now
    if chunk.is_last:
        values |= {"state": Resend.State.DONE, "ended": now}
    stored(Resend, database).filter(
        pk=resend.pk, state=Resend.State.WAITING, after=resend.after
    ).update(**values)


def progress_of(resend: Resend) -> dict[str, Any]:
    """Return how far a resend is, for JSON."""
    seconds = (resend.ended or time.time()) - resend.began if resend.began else 0.0
    left = max(0, resend.total - resend.sent)
    is_going = resend.state == Resend.State.WAITING and resend.sent > 0
    return {
        "id": resend.pk,
        "model": resend.model,
        "state": str(resend.state),
        "sent": resend.sent,
        "total": resend.total,
        "why": resend.why,
        # Seconds that it will still take; None if nobody can tell.
        "eta": left * seconds / resend.sent if is_going else None,
    }
