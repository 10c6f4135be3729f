"""All that the log says of a row, its dead letters, what is missing of both, and the row now."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from django.db.models import Q

from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.deadletters.reading import effective_entry
from tui_ingest.ingest.exact.finding import row_key
from tui_ingest.ingest.history import lacking
from tui_ingest.ingest.history.steps import Changes, LetterFacts, Step
from tui_ingest.ingest.history.subjects import Subject
from tui_ingest.ingest.inspecting import FieldComparison, RowComparison, compare
from tui_ingest.ingest.policy import Verdict
from tui_ingest.ingest.reasons import RecordError, first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, DeadLetterRow, ProcessedFile
from tui_ingest.oplog.log import Entry, Log, LogError
from tui_ingest.oplog.records import Malformed, Operation, Record, RecordLocation
from tui_ingest.words.numbers import plural

MOST_LETTERS = 1_000  # of one row; one that fails so often has one cause

_Place = tuple[str, int]  # generation, and the byte where the line begins


@dataclass(frozen=True, kw_only=True)
class RowNow:
    """A row as it is in the database now."""

    label: str
    is_here: bool
    fields: tuple[FieldComparison, ...]  # beside the last record that took effect
    differs: bool  # from what that record says
    says: str  # a sentence about both


class Tracing:
    """The history of one row, while it is looked up. One thread uses it.

    Attributes:
        done: bytes of the log that were searched.
        total: bytes that there are, as far as that is known.
        begins_at: of the log's first record, in seconds since the epoch; None if unknown.
        records: of the row, found so far.
        lacks: why what was found is not all, a sentence each.

    Args:
        target: the database that the log is applied to.
        log: searched, not moved. Its path names the checkpoint.
        subjects: the row, and its parents'.
    """

    def __init__(self, target: Target, log: Log, subjects: Sequence[Subject]) -> None:
        self._target = target
        self._log = log
        self.subjects = subjects
        self._file = target.rows(ProcessedFile).filter(file_path=log.path).first()
        self._changes = Changes()
        self._last: dict[str, Step] = {}  # that took effect, by the label of the table
        self._identities: set[str] = set()  # of rows that were found by their number alone
        self.done = self.total = self.records = 0
        self.begins_at: float | None = None
        self.lacks: list[str] = []

    @property
    def notes(self) -> list[str]:
        """What is shown and what is not, a sentence each."""
        notes = [note for subject in self.subjects for note in subject.notes]
        if self._file is None:
            notes.append("No session has read this log into this database.")
        if len(self._identities) > 1:
            several = ", ".join(sorted(self._identities)[:5])
            notes.append(f"Several rows had this number: {several}.")
        return [*dict.fromkeys(notes)]

    def run(self) -> Generator[list[Step]]:
        """Search the log; yield what is found, oldest first, an empty list now and then.

        Whoever has enough closes it. What is missing is known at its end.
        """
        letters = self._letters()
        position = checkpoints.position_of(self._file) if self._file else None
        patterns = [pattern for subject in self.subjects for pattern in subject.patterns]
        self.lacks += lacking.gaps(self._target, self._file)
        try:
            with closing(self._log.search(patterns, position)) as pieces:
                for piece in pieces:
                    if self.begins_at is None:
                        self.begins_at = piece.begins_at
                        yield self._steps_before(letters, piece.generations)
                    self.done, self.total = piece.done, piece.total
                    self.lacks += piece.lacks
                    found = self._steps(piece.entries, letters, is_ahead=False)
                    yield found + self._steps(piece.ahead, letters, is_ahead=True)
            if not self.total:
                self.lacks.append("The log has no line that could be searched.")
            self.lacks += lacking.removed(self._target, self._file, self.begins_at)
        except LogError as error:
            self.lacks.append(str(error))
        yield [*self._from_letters(letters)]  # whose lines could not be read

    def now(self) -> list[RowNow]:
        """Return the row, and its parents', as they are now."""
        return [self._now(subject) for subject in self.subjects]

    # Records

    def _steps(
        self, entries: Sequence[Entry], letters: dict[_Place, DeadLetter], *, is_ahead: bool
    ) -> list[Step]:
        steps: list[Step] = []
        for entry in entries:
            if not isinstance(entry, Record):
                self._lack_unreadable(entry)
                continue
            letter = letters.pop(entry.location.place, None)
            facts = _facts(letter) if letter is not None else None
            if letter is not None and letter.edited is not None:
                edited = effective_entry(letter)
                entry = edited if isinstance(edited, Record) else entry  # noqa: PLW2901
            steps += self._steps_of(entry, facts, is_ahead=is_ahead)
        return steps

    def _steps_of(
        self,
        record: Record,
        letter: LetterFacts | None,
        *,
        is_ahead: bool = False,
        is_in_log: bool = True,
    ) -> Iterator[Step]:
        if record.operation is Operation.DIGEST:
            return
        for item in record.objects:
            subject = next((s for s in self.subjects if s.is_subject_of(self._target, item)), None)
            if subject is None:
                continue
            is_first, is_again, changes = self._changes.next(subject.label, record.operation, item)
            step = Step(
                record=record._replace(objects=[item]),
                objects=len(record.objects),
                changes=tuple(changes),
                is_first=is_first,
                is_again=is_again,
                letter=letter,
                is_ahead=is_ahead,
                is_in_log=is_in_log,
            )
            self.records += 1
            if step.has_effect:
                self._last[subject.label] = step
            if subject.by_pk:
                self._identities.add(self._identity(step))
            yield step

    def _identity(self, step: Step) -> str:
        try:
            return row_key(self._target, step.record.objects[0]).key
        except RecordError:
            return "(one without an identity)"

    # Dead letters

    def _letters(self) -> dict[_Place, DeadLetter]:
        """Return the row's dead letters by where their lines are, in log order."""
        if self._file is None:
            return {}
        meant = Q()
        rows = self._target.rows(DeadLetterRow)
        for subject in self.subjects:
            for key in subject.identities:
                meant |= Q(pk__in=rows.filter(model=key.model, key=key.key).values("dead_letter"))
            if subject.by_pk:
                meant |= Q(model__in=subject.labels, pk_text=subject.key)
        found = self._target.rows(DeadLetter).filter(meant, file=self._file)
        listed = found.defer("traceback").order_by("pk")[:MOST_LETTERS]
        return {letter.location.place: letter for letter in listed}

    def _steps_before(
        self, letters: dict[_Place, DeadLetter], generations: Collection[str] | None
    ) -> list[Step]:
        """Return what only dead letters have: it was in files that are not there any more."""
        if generations is None:
            return []
        gone = {place: one for place, one in letters.items() if place[0] not in generations}
        for place in gone:
            del letters[place]
        if gone:
            letters_of_it = plural(len(gone), "dead letter")
            self.lacks.append(f"The files that {letters_of_it} of the row came from were removed.")
        return [*self._from_letters(gone)]

    def _from_letters(self, letters: Mapping[_Place, DeadLetter]) -> Iterator[Step]:
        for letter in letters.values():
            entry = effective_entry(letter)
            if isinstance(entry, Record):
                yield from self._steps_of(entry, _facts(letter), is_in_log=False)

    # What is missing

    def _lack_unreadable(self, entry: Malformed) -> None:
        """A line that is no record may have been one of the row."""
        raw = entry.raw.lower()
        labels = (label for subject in self.subjects for label in subject.labels)
        if any(label.encode() in raw for label in labels):
            place = f"byte {entry.location.start:,} of generation {entry.location.generation[:12]}"
            self.lacks.append(f"The line at {place} is no record and may speak of the row.")

    # The row now

    def _now(self, subject: Subject) -> RowNow:
        step = self._last.get(subject.label)
        verdict = self._target.policy.verdict(subject.label)
        if verdict is not Verdict.ALLOWED:
            names = "EXCLUDE names" if verdict is Verdict.EXCLUDED else "MODELS does not allow"
            return _unknown(subject, f"is not compared: {names} its model.")
        if not subject.is_installed:
            return _unknown(subject, "is not compared: its model is not installed.")
        (compared,) = compare(self._target, step.record if step else _naming(subject))
        says, differs = _said(step, compared)
        return RowNow(
            label=subject.label,
            is_here=compared.is_here,
            fields=compared.fields,
            differs=differs,
            says=says,
        )


def _said(step: Step | None, row: RowComparison) -> tuple[str, bool]:
    """Return in words how the row is beside the last record, and whether the two differ."""
    where = "is in the database" if row.is_here else "is not in the database"
    if step is None:
        return f"{where}; no record of it took effect.", False
    is_deleted = step.record.operation is Operation.DELETE
    if is_deleted is row.is_here:
        verb = "deletes" if is_deleted else "saves"
        return f"{where}, though the last record that took effect {verb} it.", True
    differing = 0 if is_deleted else sum(not field.same for field in row.fields)
    if differing:
        return f"differs from the last record that took effect: {plural(differing, 'field')}.", True
    return f"{where}, as the last record that took effect says.", False


def _unknown(subject: Subject, says: str) -> RowNow:
    return RowNow(label=subject.label, is_here=False, fields=(), differs=False, says=says)


def _naming(subject: Subject) -> Record:
    """Return a record that names the row and says nothing else of it."""
    nowhere = RecordLocation("", 0, 0)
    return Record(0.0, Operation.SAVE, [dict(subject.example)], b"", nowhere)


def _facts(letter: DeadLetter) -> LetterFacts:
    return LetterFacts(
        id=letter.pk,
        reason=letter.reason,
        error=first_line(letter.error),
        status=letter.status,
        resolution=letter.resolution,
        is_edited=letter.edited is not None,
    )
