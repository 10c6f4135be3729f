"""References to content types by natural keys: every database numbers those by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Field, ForeignKey

from tui_ingest.ingest.fast.kinds import Values
from tui_ingest.ingest.policy import Verdict
from tui_ingest.ingest.target import Target

_LABEL = "contenttypes.contenttype"


def by_name(target: Target, field: Field[Any, Any]) -> Callable[[Values], Values] | None:
    """Return what puts the keys of content types in place of their natural keys.

    None where a field refers to something else, or where the log may write content types: then
    they may change within a run.
    """
    if not isinstance(field, ForeignKey) or not field.target_field.primary_key:
        return None
    model = field.target_field.model
    if model._meta.label_lower != _LABEL or target.policy.verdict(_LABEL) is Verdict.ALLOWED:
        return None

    def found(values: Values) -> Values:
        names = target.rows(model).values_list("app_label", "model", "pk")
        keys: dict[Any, Any] = {(app_label, name): pk for app_label, name, pk in names}
        return [keys.get(_natural(value), value) for value in values]

    return found


def _natural(value: object) -> tuple[str, str] | None:
    match value:
        case [str(app_label), str(name)]:
            return app_label, name
        case _:
            return None
