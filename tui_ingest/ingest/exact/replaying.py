"""The exact path: one record at a time, through Django. What it does is what a record means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from django.core.serializers.base import DeserializedObject
from django.db.models import Model, signals
from django.db.models.deletion import Collector

from tui_ingest.digests.fields import is_auto
from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact import sequences
from tui_ingest.ingest.exact.clashes import both_rows
from tui_ingest.ingest.exact.deserializing import deserialize, known_names
from tui_ingest.ingest.exact.finding import find_row
from tui_ingest.ingest.exact.parents import missing_parents
from tui_ingest.ingest.identity import (
    has_natural_key,
    identity_value,
    is_referenced_by_pk,
    no_identity,
)
from tui_ingest.ingest.model_fields import (
    AnyField,
    ModelFields,
    Serialized,
    concrete,
    fields_of,
    many_to_many,
    primary_key,
)
from tui_ingest.ingest.policy import Verdict, find_model
from tui_ingest.ingest.reasons import Failure, Reason, RecordError
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import label_of
from tui_ingest.oplog.records import Operation, Record

# A record counts once per model. Of several objects of one model the one that changed a row tells.
_WEIGHT = (Outcome.SKIPPED, Outcome.MISSING, Outcome.DELETED, Outcome.SAVED)


class Replayer:
    """Applies records to one database, in the caller's transaction."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._highest: dict[type[Model], int] = {}

    def replay(self, record: Record) -> Mapping[str, Outcome]:
        """Apply all objects of a record; return what became of it by model label.

        A record of no objects is valid and does nothing. If this raises, some of the objects may
        have been written: the caller rolls back to its savepoint.

        Raises:
            RecordError: the record cannot take effect.
            Exception: whatever Django, the database or a signal's receiver raises.
        """
        highest = dict(self._highest)
        try:
            return self._replay(record)
        except Exception:
            self._highest = highest
            raise

    def _replay(self, record: Record) -> Mapping[str, Outcome]:
        if record.operation is Operation.DIGEST:
            return {}  # it speaks of the moment at which it is read: `verify`
        outcomes: dict[str, Outcome] = {}
        for serialized in self._permitted(record.objects, outcomes):
            model = find_model(serialized["model"])
            match record.operation:
                case Operation.SAVE:
                    outcome = self._save(serialized, model)
                case Operation.DELETE:
                    outcome = self._delete(serialized)
                case unknown:
                    assert_never(unknown)
            label = label_of(serialized)
            outcomes[label] = max(outcome, outcomes.get(label, outcome), key=_WEIGHT.index)
        return outcomes

    def dangling(self, record: Record) -> Failure | None:
        """Return what an applied record refers to in vain, before constraints are checked."""
        match record.operation:
            case Operation.SAVE:
                objects = self._permitted(record.objects, {})
                missing = missing_parents(self._target, objects)
                return missing[0].as_failure() if missing else None
            case Operation.DELETE | Operation.DIGEST:
                return None
            case unknown:
                assert_never(unknown)

    def take_sequence_models(self) -> Mapping[type[Model], int]:
        """Return, once, the highest explicit key written to each auto-numbered model since the
        last call. For `sequences.reset`; to be taken and dropped when the work is rolled back.
        """
        highest, self._highest = self._highest, {}
        return highest

    def _permitted(
        self, objects: Iterable[Serialized], outcomes: dict[str, Outcome]
    ) -> list[Serialized]:
        """Return the objects that are not excluded; one that is not allowed refuses them all."""
        permitted = []
        for serialized in objects:
            verdict = self._target.policy.verdict(serialized["model"])
            if verdict is Verdict.NOT_ALLOWED:
                raise RecordError(
                    Reason.NOT_ALLOWED,
                    f"The setting MODELS does not allow {serialized['model']} to be written"
                    " from a log.",
                )
            if verdict is Verdict.EXCLUDED:
                outcomes[label_of(serialized)] = Outcome.SKIPPED
            else:
                permitted.append(serialized)
        return permitted

    # Saving

    def _save(self, serialized: Serialized, model: type[Model]) -> Outcome:
        shape = fields_of(model)
        deserialized = deserialize(self._target, serialized)
        field = self._target.identities.field(model)
        if field.primary_key:
            exists = self._find_by_pk(serialized, deserialized.object, shape)
        else:
            exists = self._find_by_identity(serialized, deserialized.object, field)
        self._write(deserialized, shape, known_names(serialized, shape), exists=exists)
        self._keep_order(serialized, deserialized.object, shape)
        if not exists:
            self.remember_key(model, deserialized.object.pk)
        return Outcome.SAVED

    def _find_by_pk(
        self, serialized: Serialized, instance: Model, shape: ModelFields
    ) -> bool | None:
        """Tell whether the row is here; None if Django's save need not know beforehand."""
        if serialized.get("pk") is None and not has_natural_key(type(instance)):
            raise no_identity(serialized, primary_key(shape.model))
        if instance.pk is None:
            return False
        if known_names(serialized, shape) == shape.columns:
            return None
        return bool(self._rows(instance).filter(pk=instance.pk).exists())

    def _find_by_identity(self, serialized: Serialized, instance: Model, field: AnyField) -> bool:
        """Give the instance the pk of the row it speaks of, or one that is free."""
        if identity_value(serialized, field) is None:
            raise no_identity(serialized, field)
        rows = self._rows(instance)
        same = rows.filter(**{field.attname: getattr(instance, field.attname)})
        here = same.values_list("pk", flat=True).first()
        if here is not None:
            instance.pk = here
            return True
        if instance.pk is not None and (other := rows.filter(pk=instance.pk).first()):
            self._refuse_if_referenced(serialized, other)
            instance.pk = None
        return False

    def _refuse_if_referenced(self, serialized: Serialized, other: Model) -> None:
        if is_referenced_by_pk(type(other)):
            raise RecordError(
                Reason.IDENTITY_CLASH,
                both_rows(serialized, other, [primary_key(type(other)).name])
                + "\nIt cannot be given another one, because other models refer to it by that.",
            )

    def _write(
        self,
        deserialized: DeserializedObject,
        shape: ModelFields,
        names: frozenset[str],
        *,
        exists: bool | None,
    ) -> None:
        """Insert, or update what the record carries: a field that it lacks keeps its value."""
        options: dict[str, Any] = {}
        if exists is False:
            # Django's save would first try an UPDATE, and hit a row that took the pk just now.
            options["force_insert"] = True
        elif exists and names != shape.columns:
            if not names:
                self._write_many_to_many(deserialized)
                return
            options["update_fields"] = names
        if _is_heard(shape.model):
            self._keep_counters_ahead()
        elif deserialized.object.pk is None:
            self._keep_counter_ahead(type(deserialized.object))
        deserialized.save(using=self._target.database, **options)

    def _keep_counter_ahead(self, model: type[Model]) -> None:
        """Before the database numbers a row: keys written just now may have taken its number."""
        owner = concrete(model)
        if owner in self._highest:
            sequences.reset(self._target.connection, {owner: self._highest.pop(owner)})

    def _keep_counters_ahead(self) -> None:
        """Before code of the project's own runs, which may make rows of any model."""
        sequences.reset(self._target.connection, self._highest)
        self._highest = {}

    def _write_many_to_many(self, deserialized: DeserializedObject) -> None:
        deserialized.object._state.db = self._target.database
        for name, values in (deserialized.m2m_data or {}).items():
            getattr(deserialized.object, name).set(values)

    def _keep_order(self, serialized: Serialized, instance: Model, shape: ModelFields) -> None:
        """Undo the numbering that Django's save gives to a new row of an ordered model."""
        logged = serialized["fields"].get("_order")
        if shape.has_order and logged is not None and instance._order != logged:  # type: ignore[attr-defined]
            self._rows(instance).filter(pk=instance.pk).update(_order=logged)

    def remember_key(self, model: type[Model], key: Any) -> None:
        """Take note of an explicit key that was inserted, here or by other means."""
        owner = concrete(model)
        if is_auto(primary_key(owner)):
            self._highest[owner] = max(key, self._highest.get(owner, 0))

    # Deleting

    def _delete(self, serialized: Serialized) -> Outcome:
        row = find_row(self._target, serialized)
        if row is None:
            return Outcome.MISSING
        self._keep_counters_ahead()  # whatever goes with it may be heard
        collector = Collector(using=self._target.database, origin=row)
        # The source logs the deletion of a child's parent rows by themselves, if it deletes them.
        collector.collect([row], keep_parents=True)
        collector.delete()
        return Outcome.DELETED

    def _rows(self, instance: Model) -> Any:
        return self._target.rows(type(instance))


def _is_heard(model: type[Model]) -> bool:
    """Tell whether somebody listens when a row of the model, or one of its links, is saved."""
    links = (relation.remote_field.through for relation in many_to_many(model))
    return (
        signals.pre_save.has_listeners(model)
        or signals.post_save.has_listeners(model)
        or any(map(signals.m2m_changed.has_listeners, links))
    )
