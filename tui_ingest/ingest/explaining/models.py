"""What a session would do with the records of each model, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import Error
from django.db.models import Model

from tui_ingest.ingest import outside, receivers
from tui_ingest.ingest.explaining.round_trips import changed_fields
from tui_ingest.ingest.fast.detours import Detours
from tui_ingest.ingest.model_fields import many_to_many
from tui_ingest.ingest.target import Target

# Of a table: they act on every row that a log writes, too.
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(quote_ident(%s))"
        " AND NOT tgisinternal"
    ),
    "mysql": (
        "SELECT trigger_name FROM information_schema.triggers"
        " WHERE trigger_schema = database() AND event_object_table = %s"
    ),
}


@dataclass(frozen=True, kw_only=True)
class ModelExplanation:
    """What is known of one model that a log may write."""

    model: str  # label
    identity: str  # name of the field that says which row a record speaks of
    path: str  # "fast" or "exact": of a record that carries every field of the table
    detours: tuple[str, ...]  # which records take the exact path, and why
    called: tuple[str, ...]  # receivers that RECEIVERS names: "post_save of module.name"
    silent: tuple[str, ...]  # all others
    triggers: tuple[str, ...]  # names, as the database has them
    changed_fields: Mapping[str, str]  # how their values change on a round trip, by name
    refers_outside: tuple[str, ...]  # "field to app.model" that a log may not write


def explain(target: Target, labels: Collection[str] = ()) -> list[ModelExplanation]:
    """Explain the models that a log may write, or some of them.

    Args:
        labels: `app` or `app.model`, in any case; none: all.
    """
    wanted = {label.lower() for label in labels}
    detours = Detours(target)
    return [
        _explained(target, model, detours)
        for model in outside.allowed_models(target.policy)
        if not wanted or wanted & {model._meta.label_lower, model._meta.app_label}
    ]


def _explained(target: Target, model: type[Model], detours: Detours) -> ModelExplanation:
    called, silent = _receivers(target, model)
    beyond = [
        f"{reference.field} to {reference.to._meta.label_lower}"
        for reference in outside.outside_references(target.policy)
        if reference.model is model
    ]
    return ModelExplanation(
        model=model._meta.label_lower,
        identity=target.identities.field(model).name,
        path="exact" if detours.of_saves(model) else "fast",
        detours=(*detours.of_saves(model), *detours.of_some(model)),
        called=called,
        silent=silent,
        triggers=tuple(_triggers(target, model)),
        changed_fields=changed_fields(target, model),
        refers_outside=tuple(beyond),
    )


def _receivers(target: Target, model: type[Model]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    links = [field.remote_field.through for field in many_to_many(model)]
    senders = [(signal, model) for signal in (*receivers.SAVING, *receivers.DELETING)]
    senders += [(signal, through) for through in links for signal in receivers.LINKING]  # type: ignore[misc]
    found: dict[bool, dict[str, None]] = {True: {}, False: {}}
    for signal, sender in senders:
        for receiver in receivers.connected(signal, sender):
            name = f"{signal} of {receivers.dotted_name(receiver)}"
            found[target.receivers.is_named(receiver)][name] = None
    return tuple(found[True]), tuple(found[False])


def _triggers(target: Target, model: type[Model]) -> list[str]:
    """Return the names of the triggers that somebody wrote; none where that cannot be asked."""
    query = _TRIGGERS.get(target.connection.vendor)
    if query is None:
        return []
    try:
        with target.atomic(), target.connection.cursor() as cursor:
            cursor.execute(query, [model._meta.db_table])
            return sorted(name for (name,) in cursor.fetchall())
    except Error:  # not allowed to look
        return []
