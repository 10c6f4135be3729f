"""A record beside the rows it speaks of: what differs, and what applying it would do.

And so what would come of a dead letter if it were retried now, and what to do instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from django.db.models import ForeignKey, ManyToManyField, Model

from tui_ingest.ingest.exact.clashes import Clash, find_clashes
from tui_ingest.ingest.exact.deserializing import beyond_limits, deserialize, shortened
from tui_ingest.ingest.exact.finding import find_rows, row_keys
from tui_ingest.ingest.exact.needs import changed_by, waiting
from tui_ingest.ingest.exact.parents import missing_parents
from tui_ingest.ingest.exact.serializing import serialize_row
from tui_ingest.ingest.identity import python_value
from tui_ingest.ingest.model_fields import AnyField, Serialized, concrete, primary_key
from tui_ingest.ingest.policy import Verdict, find_model
from tui_ingest.ingest.reasons import Reason, RecordError, advice, first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import Operation, Record
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

MAX_OBJECTS = 50  # of one record that are compared; nobody reads more
MAX_TEXT = 2_000  # characters of a value that are shown
ABSENT = None  # as a text: the record, or the row, has no such field


@dataclass(frozen=True, kw_only=True)
class FieldComparison:
    """One field as JSON, in the record and in the database."""

    name: str
    logged: str | None  # None: the record does not carry it
    here: str | None  # None: there is no such row, or no such field
    same: bool


@dataclass(frozen=True, kw_only=True)
class RowComparison:
    """One object of a record, and the row it speaks of."""

    label: str
    key: str  # the primary key as logged
    fields: tuple[FieldComparison, ...]
    effect: str  # what applying the object would do now; why it fails, if it does
    fails: bool = False
    at_fault: tuple[str, ...] = ()  # names of the fields because of which it fails
    held_by: RowComparison | None = None  # the object beside another row, which has its values

    @property
    def is_here(self) -> bool:
        """Whether the row is in the database."""
        return any(field.here is not ABSENT for field in self.fields)


def compare(target: Target, record: Record) -> list[RowComparison]:
    """Return each object of a record beside its row. Changes nothing."""
    comparer = _Comparer(target, record)
    return [comparer.compare(item) for item in record.objects[:MAX_OBJECTS]]


def outlook(letter: DeadLetter, rows: Sequence[RowComparison]) -> str:
    """Say what helps an open dead letter and what a retry would do; of another, how it ended.

    Args:
        rows: what `compare` returns for it.
    """
    if letter.status != DeadLetter.Status.OPEN:
        return terminal_safe(letter.resolution)
    failing = next((row for row in rows if row.fails), None)
    if failing is None:
        now = f" A retry now {effects(rows)}." if rows else ""
    elif failing.effect in letter.error:
        now = " A retry now fails the same way."
    else:
        now = f" A retry now fails: {terminal_safe(first_line(failing.effect))}"
    return f"{advice(letter.reason)}{now}"


def effects(rows: Sequence[RowComparison]) -> str:
    """Return what the first few objects do, each with its name if there are several."""
    if len(rows) == 1:
        return terminal_safe(rows[0].effect)
    told = [f"{row.effect} of {row.label} {row.key}" for row in rows[:3]]
    more = [f"{len(rows) - 3} more"] if len(rows) > 3 else []
    return terminal_safe(", ".join(told + more))


class _HeldError(RecordError):
    """Another row has a unique value of an object."""

    def __init__(self, clash: Clash) -> None:
        super().__init__(Reason.UNIQUE_CLASH, clash.sentence(), fields=clash.unique.names)
        self.holder = clash.holder


class _Comparer:
    def __init__(self, target: Target, record: Record) -> None:
        self._target = target
        self._record = record
        # The rows that it brings or changes, by every name: it is judged at its end.
        self._own = changed_by(target, record) | set(row_keys(target, record.objects).values())

    def compare(self, serialized: Serialized) -> RowComparison:
        fields: list[FieldComparison] = []
        fails: RecordError | None = None
        try:
            model = self._permitted(serialized)
            if model is None:
                effect = "is skipped: the setting EXCLUDE names its model"
            else:
                row = find_rows(self._target, serialized).first()
                fields.extend(self._fields(serialized, model, row))
                effect = self._effect(serialized, fields)
        except RecordError as error:
            fails, effect = error, str(error)
        return RowComparison(
            label=str(serialized["model"]),
            key=_pk_text(serialized),
            fields=tuple(fields or _all_logged(serialized)),
            effect=effect,
            fails=fails is not None,
            at_fault=fails.fields if fails else (),
            held_by=self._beside(serialized, fails) if isinstance(fails, _HeldError) else None,
        )

    def _beside(self, serialized: Serialized, held: _HeldError) -> RowComparison:
        """Return the object beside the row that has its unique values."""
        holder = held.holder
        return RowComparison(
            label=holder._meta.label_lower,
            key=str(holder.pk),
            fields=tuple(self._fields(serialized, type(holder), holder)),
            effect=f"has this {' and '.join(held.fields)}",
            at_fault=held.fields,
        )

    def _permitted(self, serialized: Serialized) -> type[Model] | None:
        """Return the model; None if it is excluded. Of others no row is shown either."""
        verdict = self._target.policy.verdict(serialized["model"])
        if verdict is Verdict.NOT_ALLOWED:
            raise RecordError(
                Reason.NOT_ALLOWED, "The setting MODELS does not allow this model to be written."
            )
        return None if verdict is Verdict.EXCLUDED else find_model(serialized["model"])

    def _fields(
        self, serialized: Serialized, model: type[Model], row: Model | None
    ) -> Iterator[FieldComparison]:
        """Yield the fields of the record, then those that only the row has."""
        logged = _logged(serialized)
        here = _here(self._target, row, logged)
        # Where another field is the identity, the numbers of source and target are their own.
        ignored = set() if self._target.identities.field(model).primary_key else {"pk"}
        for name, value in logged.items():
            if name not in here:
                yield _only_logged(name, value)
                continue
            same = name in ignored or _same(_field(model, name), value, here[name])
            yield FieldComparison(name=name, logged=_text(value), here=_text(here[name]), same=same)
        for name, value in here.items():
            if name not in logged:
                yield FieldComparison(name=name, logged=ABSENT, here=_text(value), same=True)

    def _effect(self, serialized: Serialized, fields: list[FieldComparison]) -> str:
        """Say what applying would do, as far as that is known without writing."""
        is_here = any(field.here is not ABSENT for field in fields)
        match self._record.operation:
            case Operation.SAVE:
                return self._effect_of_save(serialized, fields, is_here=is_here)
            case Operation.DELETE:
                return self._effect_of_deletion(serialized, is_here=is_here)
            case Operation.DIGEST:
                return "changes nothing: it says which rows the source had"
            case unknown:
                assert_never(unknown)

    def _effect_of_save(
        self, serialized: Serialized, fields: list[FieldComparison], *, is_here: bool
    ) -> str:
        deserialize(self._target, serialized)
        for missing in missing_parents(self._target, [serialized]):
            if missing.parent not in self._own:
                raise missing.as_error()
        if refused := beyond_limits(self._target, serialized, inserts=not is_here):
            raise refused
        for clash in find_clashes(self._target, [serialized]):
            if clash.holder_key not in self._own:
                raise _HeldError(clash)
        if not is_here:
            return "inserts the row"
        changed = sum(not field.same for field in fields)
        return f"updates {plural(changed, 'field')}" if changed else "changes nothing"

    def _effect_of_deletion(self, serialized: Serialized, *, is_here: bool) -> str:
        if not is_here:
            return "changes nothing: the row is not here"
        alone = self._record._replace(objects=[dict(serialized)])
        forbidden = waiting(self._target, alone)
        if forbidden and not self._own.issuperset(forbidden.needs):
            raise RecordError(Reason.PROTECTED, forbidden.error)
        return "deletes the row"


def _only_logged(name: str, value: Any) -> FieldComparison:
    return FieldComparison(name=name, logged=_text(value), here=ABSENT, same=False)


def _all_logged(serialized: Serialized) -> list[FieldComparison]:
    return [_only_logged(name, value) for name, value in _logged(serialized).items()]


def _logged(serialized: Serialized) -> dict[str, Any]:
    fields: Mapping[str, Any] = serialized.get("fields", {})
    return {"pk": serialized.get("pk"), **fields}


def _here(target: Target, row: Model | None, logged: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the source would log it; nothing of one that is not here."""
    if row is None:
        return {}
    named = [name for name, value in logged.items() if _is_named(_field(type(row), name), value)]
    here = json.loads(serialize_row(target, row, by_natural_key=named))
    return {"pk": here.get("pk"), **here["fields"]}


def _is_named(field: object, value: Any) -> bool:
    """Tell whether a log refers to other rows by their natural keys."""
    if isinstance(field, ManyToManyField):
        return any(isinstance(item, list) for item in value or ())
    return isinstance(field, ForeignKey) and isinstance(value, list)


def _field(model: type[Model], name: str) -> AnyField | ManyToManyField[Any, Any] | None:
    if name == "pk":
        return primary_key(model)
    meta = concrete(model)._meta
    found = (f for f in (*meta.local_fields, *meta.local_many_to_many) if f.name == name)
    return next(found, None)


def _same(field: AnyField | ManyToManyField[Any, Any] | None, logged: Any, here: Any) -> bool:
    """Tell whether two JSON values are one value of the field: '1.0' and '1.00', two time zones."""
    if logged == here or field is None:
        return bool(logged == here)
    if isinstance(field, ManyToManyField):
        return sorted(map(str, logged or ())) == sorted(map(str, here or ()))
    try:
        return bool(python_value(field, logged) == python_value(field, here))
    except Exception:  # custom fields raise anything; then it is no value of this field
        return False


def _pk_text(serialized: Serialized) -> str:
    pk = serialized.get("pk")
    return pk if isinstance(pk, str) else _text(pk)


def _text(value: Any) -> str:
    return shortened(json.dumps(value, ensure_ascii=False), MAX_TEXT)
