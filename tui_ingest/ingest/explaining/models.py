"""What a session would do with the records of each model, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import Error
from django.db.models import Model

from tui_ingest.ingest import receivers
from tui_ingest.ingest.explaining.round_trips import changed_fields
from tui_ingest.ingest.fast import planning, upserts
from tui_ingest.ingest.fast.planning import LinkRule, TableRule
from tui_ingest.ingest.fast.plans import link_tables
from tui_ingest.ingest.fast.tables import Tables
from tui_ingest.ingest.identity import has_natural_key
from tui_ingest.ingest.model_fields import many_to_many
from tui_ingest.ingest.target import Target

# Why records of a model take the exact path.
SENTENCES: dict[TableRule | LinkRule, str] = {
    planning.has_triggers: "its table has triggers, which tell an insert from an update",
    planning.writes_expressions: "a field is written as an expression",
    planning.has_keys_of_many_spellings: (
        "its key, or one that it refers to, has values with more than one spelling"
    ),
    planning.is_referred_to_by_other_values: (
        "other rows refer to it by another field than its identity, or generically"
    ),
    planning.has_links_with_triggers: "the table of many-to-many links to it has triggers",
    planning.has_natural_keys_of_more_than_columns: "its natural key is more than columns' values",
    planning.has_natural_keys_of_many_spellings: (
        "its natural key may have nulls, or values with more than one spelling"
    ),
    planning.has_keys_of_the_projects_making: "new rows take keys of the project's making",
    planning.have_more_than_keys: "its links have a model of their own",
    planning.have_triggers: "the table of its links has triggers",
    planning.lead_to_keys_of_many_spellings: "its links lead to keys with more than one spelling",
}

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
    tables = Tables(target)
    return [
        _explained(target, model, tables)
        for model in target.policy.allowed_models()
        if not wanted or wanted & {model._meta.label_lower, model._meta.app_label}
    ]


def _explained(target: Target, model: type[Model], tables: Tables) -> ModelExplanation:
    called, silent = _receivers(target, model)
    beyond = [
        f"{reference.field} to {reference.to._meta.label_lower}"
        for reference in target.policy.outside_references()
        if reference.model is model
    ]
    saves = _detours(target, model, tables, planning.SAVE_RULES)
    return ModelExplanation(
        model=model._meta.label_lower,
        identity=target.identities.field(model).name,
        path="exact" if saves else "fast",
        detours=(*saves, *_detours_of_some(target, model, tables, saves)),
        called=called,
        silent=silent,
        triggers=tuple(_triggers(target, model)),
        changed_fields=changed_fields(target, model),
        refers_outside=tuple(beyond),
    )


def _detours(
    target: Target, model: type[Model], tables: Tables, rules: Sequence[TableRule]
) -> list[str]:
    """Return which of some rules about tables send records to the exact path, in words."""
    if upserts.of(target.connection) is None:
        return ["the upserts of this database, or its driver, cannot be relied on"]
    table = tables.of(model)
    if table is None:
        return ["its key has several columns"]
    return [SENTENCES[rule] for rule in rules if rule(table)]


def _detours_of_some(
    target: Target, model: type[Model], tables: Tables, saves: Collection[str]
) -> Iterator[str]:
    """Yield which records besides take the exact path, and why.

    Args:
        saves: why all do that save a row.
    """
    table = tables.of(model)
    for name, links in link_tables(table, tables).items() if table else ():
        yield from (
            f"records with {name}: {SENTENCES[rule]}" for rule in planning.LINK_RULES if rule(links)
        )
    others = {"deletions": planning.DELETE_RULES}
    if has_natural_key(model):
        others["records without a primary key"] = planning.NAME_RULES
    for which, rules in others.items():
        for why in _detours(target, model, tables, rules):
            if why not in saves:
                yield f"{which}: {why}"


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
