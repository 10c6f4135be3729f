"""References from models that a log may write to models that it may not.

Their rows never come out of the log, so that what refers to them waits for its parents: whole trees
of letters, if it is `auth.user`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.db.models import Model

from tui_ingest.ingest.model_fields import concrete, foreign_keys, many_to_many
from tui_ingest.ingest.policy import Policy, Verdict

CHECK = "tui_ingest.W001"
# Every database has them, under numbers of its own; a log names them by natural keys.
MADE_BY_MIGRATE = ("contenttypes.contenttype", "auth.permission")
MOST_NAMED = 5  # of a kind; whoever wants all asks `ingest_explain`


class OutsideReference(NamedTuple):
    """A field that leads out of what a log may write."""

    model: type[Model]
    field: str
    to: type[Model]

    def __str__(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field}"


def outside_references(policy: Policy) -> list[OutsideReference]:
    """Return them, of all allowed models."""
    return [
        reference
        for model in allowed_models(policy)
        for reference in references_of(model)
        if _is_outside(reference.to, policy)
    ]


def _is_outside(model: type[Model], policy: Policy) -> bool:
    label = model._meta.label_lower
    return policy.verdict(label) is Verdict.NOT_ALLOWED and label not in MADE_BY_MIGRATE


def allowed_models(policy: Policy) -> list[type[Model]]:
    """Return the models with a table of their own that a log may write."""
    return [
        model
        for model in apps.get_models()
        if concrete(model) is model and policy.verdict(model._meta.label_lower) is Verdict.ALLOWED
    ]


def references_of(model: type[Model]) -> Iterator[OutsideReference]:
    """Yield the references of a model that must lead to a row."""
    fields: list[Any] = [f for f in foreign_keys(model) if f.db_constraint]  # type: ignore[attr-defined]
    for field in (*fields, *many_to_many(model)):
        yield OutsideReference(model, field.name, concrete(field.remote_field.model))


def warning(policy: Policy) -> str:
    """Return what is wrong and what to do; "" if nothing is, or nobody wants to know."""
    found = outside_references(policy)
    if not found or CHECK in settings.SILENCED_SYSTEM_CHECKS:
        return ""
    return f"{sentence(found)} {remedy(found, policy)}"


def sentence(references: Iterable[OutsideReference]) -> str:
    """Return what is referred to, by what."""
    fields: dict[str, list[str]] = {}
    for reference in references:
        fields.setdefault(reference.to._meta.label_lower, []).append(str(reference))
    named = [f"{to} (by {_few(names)})" for to, names in fields.items()]
    return (
        f"A log may write models that refer to ones which it may not write: {_few(named)}."
        " Records that refer to such a row become dead letters, unless the row is here."
    )


def remedy(references: Collection[OutsideReference], policy: Policy) -> str:
    """Return what to add to the settings: all of one, or all of the other.

    Whoever follows it has nothing left that refers to what is not written.
    """
    targets = _reached(
        (reference.to for reference in references),
        lambda model: (one.to for one in references_of(model) if _is_outside(one.to, policy)),
    )
    allowed = [one for model in allowed_models(policy) for one in references_of(model)]
    sources = _reached(
        (reference.model for reference in references),
        lambda model: (one.model for one in allowed if one.to is model),
    )
    before = policy.allowed_names
    if before is None:  # all apps but Django's own: named one by one, with these besides
        before = sorted({model._meta.app_label for model in allowed_models(policy)})
    return (
        f"Set TUI_INGEST['MODELS'] to {[*before, *targets]}, or add {_quoted(sources)} to"
        " TUI_INGEST['EXCLUDE']."
    )


def _reached(
    start: Iterable[type[Model]], further: Callable[[type[Model]], Iterable[type[Model]]]
) -> list[str]:
    """Return the labels of some models, and of all that they lead to."""
    found = set()
    waiting = list(start)
    while waiting:
        if (model := waiting.pop()) not in found:
            found.add(model)
            waiting += further(model)
    return sorted(model._meta.label_lower for model in found)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _few(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
