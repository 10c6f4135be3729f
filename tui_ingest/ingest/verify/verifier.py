"""A DIGEST as it comes: the pass over a model's table that it belongs to, and the verdict.

And what may account for a difference: what was set aside, and what nobody was to write here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, Q

from tui_ingest.digests.lines import BadDigestError, Digest, parsed
from tui_ingest.ingest.events import VerifiedState
from tui_ingest.ingest.exact.database_errors import is_transient
from tui_ingest.ingest.model_fields import Serialized, concrete
from tui_ingest.ingest.policy import Verdict, find_model
from tui_ingest.ingest.reasons import Reason, RecordError
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import is_label, label_of
from tui_ingest.ingest.verify import keeping
from tui_ingest.ingest.verify.comparing import NotComparableError, compare
from tui_ingest.ingest.verify.keeping import Conclusion, Pass
from tui_ingest.models import (
    DeadLetter,
    DeadLetterRow,
    ModelTotal,
    ModelVerification,
    ProcessedFile,
)
from tui_ingest.oplog.records import Record
from tui_ingest.words.numbers import plural

_NAMED = 10_000  # rows of dead letters that are compared with those that differ


class Verifier:
    """Compares the rows here with what the DIGESTs of one log say, in the caller's transaction."""

    def __init__(self, target: Target, file: ProcessedFile) -> None:
        self._target = target
        self._file = file

    def verify(self, record: Record) -> list[Conclusion]:
        """Take a DIGEST; return the verdicts that it completes.

        Raises:
            RecordError: bad_value, because it does not say what was digested.
            Exception: a transient failure (`is_transient`).
        """
        return [
            found
            for label, digest in [*map(_parsed, record.objects)]
            if (found := self._take(label, digest, record)) is not None
        ]

    def _take(self, label: str, digest: Digest, record: Record) -> Conclusion | None:
        """Take one part of a table; return the verdict if it is the last one."""
        until = self._file.repeats_until
        if until is not None and record.timestamp <= until.timestamp():
            return None  # it was read before: rows here may be of a later moment
        known, _ = self._target.rows(ModelVerification).get_or_create(file=self._file, model=label)
        current = Pass() if digest.is_first else keeping.pass_of(known)
        if current is None or current.upto != digest.after:
            return None  # a part is missing: the next pass will tell
        if digest.is_first:
            keeping.forget_rows(self._target, known)
        self._compare(known, current, label, digest)
        current.upto = digest.upto
        if not digest.is_last:
            keeping.go_on(self._target, known, current)
            return None
        state, reason = self._judge(known, current, label, digest)
        return keeping.conclude(self._target, known, current, record, state=state, reason=reason)

    def _compare(self, known: ModelVerification, current: Pass, label: str, digest: Digest) -> None:
        """Add one part to a pass."""
        current.source_rows += digest.count
        if current.obstacle or self._target.policy.verdict(label) is not Verdict.ALLOWED:
            return
        try:
            with self._target.atomic():
                found = compare(self._target, find_model(label), digest)
        except (NotComparableError, RecordError) as error:  # or there is no such model
            current.obstacle = str(error)
        except Exception as error:  # no such table, or whatever a field of the project's raises
            if is_transient(error) or self._target.connection.needs_rollback:
                raise
            current.obstacle = f"The rows here cannot be read: {type(error).__name__}: {error}"
        else:
            current.add(found)
            keeping.add_rows(self._target, known, found.differences or ())

    def _judge(
        self, known: ModelVerification, current: Pass, label: str, digest: Digest
    ) -> tuple[VerifiedState, str]:
        """Return the verdict about a whole table, and the reason in one sentence."""
        match self._target.policy.verdict(label):
            case Verdict.EXCLUDED:
                return VerifiedState.EXPLAINED, "The setting EXCLUDE names it."
            case Verdict.NOT_ALLOWED:
                return VerifiedState.EXPLAINED, "The setting MODELS does not name it."
        if current.obstacle:
            return VerifiedState.NOT_COMPARABLE, current.obstacle
        if current.is_equal and not current.absent:
            return VerifiedState.EQUAL, ""
        if current.is_equal:
            absent = ", ".join(current.absent)
            return (
                VerifiedState.EXPLAINED,
                f"As many rows as at the source; not here, and not compared: {absent}.",
            )
        return self._judge_difference(known, current, label, digest)

    def _judge_difference(
        self, known: ModelVerification, current: Pass, label: str, digest: Digest
    ) -> tuple[VerifiedState, str]:
        others = () if digest.scope else _other_writers(self._target, self._file, label)
        if others:
            reason = (
                f"Other logs write this model: {', '.join(others)}. A SCOPE at each source says"
                " which rows are its own."
            )
            return VerifiedState.NOT_COMPARABLE, reason
        aside = _set_aside(
            self._target,
            self._file,
            find_model(label),
            since=known.equal_at,
            began=current.began,
        )
        surplus = abs(current.rows - current.source_rows)
        if aside.explains(surplus, keeping.differing_identities(self._target, known, current)):
            return VerifiedState.EXPLAINED, f"{aside}."
        return VerifiedState.DIFFERS, " ".join([_difference(current), *current.limits])


def _parsed(serialized: Serialized) -> tuple[str, Digest]:
    label = label_of(serialized)
    if not is_label(label):
        raise RecordError(Reason.BAD_VALUE, f"{label} cannot be the label of a model.")
    try:
        return label, parsed(serialized["fields"])
    except BadDigestError as error:
        raise RecordError(Reason.BAD_VALUE, f"This DIGEST of {label} is none: {error}") from error


def _difference(current: Pass) -> str:
    if current.rows == current.source_rows:
        told = f"{plural(current.rows, 'row')} on both sides, of which some differ."
    else:
        told = f"{plural(current.rows, 'row')} here, {current.source_rows:,} at the source."
    if current.differing is not None:
        told += f" {plural(current.differing, 'row')} to be looked at."
    return told


@dataclass(frozen=True, kw_only=True)
class _SetAside:
    """What the log has said of a model and could not be applied."""

    rows: int  # that dead letters speak of
    keys: Collection[str]  # of these, as `DeadLetterRow.key` has them; not all if they are many
    lines: int  # that are no records: they may have been about any row

    def explains(self, surplus: int, differing: Collection[str] | None) -> bool:
        """Tell whether a difference may be no more than this.

        Args:
            surplus: rows that one side has more than the other.
            differing: identities of the rows that differ; None if nobody has named them.
        """
        if self.lines:
            return True
        if differing is not None:
            return len(differing) <= self.rows and set(differing) <= set(self.keys)
        return 0 < self.rows >= surplus

    def __str__(self) -> str:
        told = []
        if self.rows:
            told.append(f"{plural(self.rows, 'row')} with an open dead letter")
        if self.lines:
            told.append(f"{plural(self.lines, 'line')} of the log that could not be read")
        return " and ".join(told)


def _set_aside(
    target: Target,
    file: ProcessedFile,
    model: type[Model],
    *,
    since: datetime | None,
    began: datetime,
) -> _SetAside:
    """Return what was set aside and was not put right before the comparison began.

    Args:
        since: when the rows were equal last: what is older explains nothing.
        began: when the comparison did, which may take a while.
    """
    letters = target.rows(DeadLetter).filter(file=file)
    letters = letters.filter(Q(status=DeadLetter.Status.OPEN) | Q(resolved__gte=began))
    if since is not None:
        letters = letters.filter(created__gt=since)
    rows = target.rows(DeadLetterRow).filter(
        Q(superseded=False) | Q(dead_letter__resolved__isnull=False),
        dead_letter__in=letters,
        model=concrete(model)._meta.label_lower,
    )
    keys = rows.values_list("key", flat=True).order_by("key").distinct()
    return _SetAside(
        rows=keys.count(),
        keys=frozenset(keys[:_NAMED]),
        lines=letters.filter(operation="").count(),
    )


def _other_writers(target: Target, file: ProcessedFile, label: str) -> list[str]:
    """Return the paths of the other logs from which rows of a model were written."""
    others = target.rows(ModelTotal).filter(model=label).exclude(file=file)
    others = others.filter(Q(saved__gt=0) | Q(deleted__gt=0))
    return list(others.order_by("file__file_path").values_list("file__file_path", flat=True))
