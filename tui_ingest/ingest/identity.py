"""Which local row a serialized object speaks of.

By default the row with its primary key. Auto-incremented numbers of two sources collide, though:
where such a model has exactly one other unique, non-null UUID, that is the row's identity.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import Model

from tui_ingest.conf import Settings
from tui_ingest.digests.fields import default_identity, is_unique
from tui_ingest.ingest.model_fields import (
    AnyField,
    Serialized,
    concrete,
    incoming_keys,
    primary_key,
)
from tui_ingest.ingest.policy import REMEMBERED_LABELS, find_model
from tui_ingest.ingest.reasons import Reason, RecordError


class Identities:
    """The identity of every model, by its own fields and the setting IDENTITY.

    Raises:
        ImproperlyConfigured: IDENTITY names a model or a field that cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._fields = dict(_configured(*item) for item in settings.identity.items())
        self._remembered = lru_cache(REMEMBERED_LABELS)(self._look_up)

    def field(self, model: type[Model]) -> AnyField:
        """Return the field whose value identifies a row of this model."""
        model = concrete(model)
        if model not in self._fields:
            self._fields[model] = default_identity(model)
        return self._fields[model]

    def look_up(self, label: str) -> tuple[type[Model], AnyField, str]:
        """Return the model of a label, its identity, and the label of the table's own model.

        Raises:
            RecordError: unknown_model.
        """
        return self._remembered(label)

    def _look_up(self, label: str) -> tuple[type[Model], AnyField, str]:
        model = find_model(label)
        return model, self.field(model), concrete(model)._meta.label_lower


def identity_value(serialized: Serialized, field: AnyField) -> Any:
    """Return the identifying value as logged; None if the object lacks it."""
    if field.primary_key:
        return serialized.get("pk")
    return serialized.get("fields", {}).get(field.name)


def no_identity(serialized: Serialized, field: AnyField) -> RecordError:
    """Return the error for an object that does not say which row it speaks of."""
    name = "pk" if field.primary_key else field.name
    return RecordError(
        Reason.NO_IDENTITY,
        f"This {serialized['model']} has no {name}, which is what identifies a row of that model.",
        fields=(name,),
    )


def has_natural_key(model: type[Model]) -> bool:
    """Tell whether Django's deserializer finds rows of this model without a pk."""
    return hasattr(model, "natural_key") and hasattr(model._default_manager, "get_by_natural_key")


def is_referenced_by_pk(model: type[Model]) -> bool:
    """Tell whether other rows of the log may refer to rows of this model by pk.

    Then a row must keep the pk it was logged with. That also makes the pks in a logged
    many-to-many list those of the local rows: the list refers to its targets by pk.

    A generic foreign key names no model: only `GenericRelation` tells that it leads here.
    """
    model = concrete(model)
    generic = (hasattr(f, "object_id_field_name") for f in model._meta.private_fields)
    return any(generic) or any(
        key.target_field.primary_key and not _is_own_side(key, model)
        for key in incoming_keys(model)
    )


def _is_own_side(key: AnyField, model: type[Model]) -> bool:
    """The near side of a many-to-many relation is written from the local row, not from a log."""
    through = key.model
    owner: object = through._meta.auto_created  # a model, though its stub says bool
    return owner is model and any(
        field.remote_field.through is through and field.m2m_field_name() == key.name
        for field in model._meta.local_many_to_many
    )


def _configured(label: str, name: str) -> tuple[type[Model], AnyField]:
    """Return one entry of the setting IDENTITY, checked."""
    setting = f"TUI_INGEST['IDENTITY']['{label}']"
    try:
        model = concrete(find_model(label))
        field = primary_key(model) if name == "pk" else model._meta.get_field(name)
    except (RecordError, FieldDoesNotExist) as error:
        raise ImproperlyConfigured(f"{setting}: {error}") from error
    if field not in (*model._meta.local_fields, primary_key(model)) or not is_unique(field):
        raise ImproperlyConfigured(f"{setting}: the field {name!r} is not unique in its table.")
    return model, field
