"""Whatever happens to a log, in any order: what was read equals what was written."""

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings, target
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.examples import examples
from tests.support.lines import line, serialized
from tests.support.rotation import DatedLog, Reader, RotatedLog

BACKUPS = 6
EPOCH = 1_698_395_500


class Source:
    """A list of what was written, by generation, beside the files themselves."""

    def __init__(self, files):
        self.files = files
        self.generations = [[]]  # oldest first, the active one last: pieces of lines
        self.pieces = []  # of all lines in the order of the log
        self.late = []  # lines that may come out of their order
        self.rubbish = b""  # what an unterminated line begins with that will never be a record
        self.half = None  # what was written of its last record, and what was not

    @property
    def active(self):
        return self.generations[-1]

    def write(self, raw):
        self.write_half(raw, len(raw))
        self.finish_half()

    def write_half(self, raw, cut):
        if self.half is not None:
            begun, rest = self.half
            if rest:
                self.rubbish += begun
            else:
                self.end_line()
        self.files.write(raw[:cut])
        self.half = (raw[:cut], raw[cut:])

    def finish_half(self):
        begun, rest = self.half
        self.files.write(rest + b"\n")
        self.half = (begun + rest, b"")
        self.end_line()

    def end_line(self):
        """Nothing more comes of the unterminated line."""
        if self.half is None:
            return
        begun, rest = self.half
        pieces = [self.rubbish + begun] if rest else [self.rubbish, begun]
        for piece in filter(None, pieces):
            self.note(piece)
        self.rubbish, self.half = b"", None

    def note(self, raw):
        self.pieces.append(raw)
        self.active.append(raw)

    def write_late(self, rank, lines):
        with self.files.rank(rank).open("ab") as file:
            file.write(b"\n" + b"\n".join(lines) + b"\n")
        self.late += lines
        self.generations[-1 - rank] += lines

    def begin_generation(self):
        self.end_line()
        self.generations.append([])

    def rotate(self):
        self.begin_generation()
        self.files.rotate()

    def copytruncate(self):
        self.begin_generation()
        self.files.copytruncate()


class Machine(RuleBasedStateMachine):
    """Operations that destroy nothing."""

    backups = 200

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="oplog"))
        self.source = Source(self.new_files())
        self.reader = Reader(self.source.files.path, poll_seconds=60)
        self.applied = []
        self.number = 0

    def teardown(self):
        try:
            self.rotate()  # at the latest then everything that changed is noticed
            self.source.write(self.new_line(0))
            self.apply_everything()
            self.check()
        finally:
            self.reader.close()
            shutil.rmtree(self.folder)

    def new_files(self):
        return RotatedLog(self.folder, backups=self.backups)

    def new_line(self, size):
        self.number += 1
        at = EPOCH + self.number
        return line("SAVE", serialized("polls.question", self.number, {"t": "x" * size}), at=at)[
            :-1
        ]

    def apply_everything(self):
        self.applied += [entry.raw for entry in self.reader.read(50)]

    # The writer

    @rule(size=st.sampled_from([0, 0, 0, 100, 3000]))
    def write(self, size):
        self.source.write(self.new_line(size))

    @rule(count=st.integers(2, 8))
    def write_several(self, count):
        for _ in range(count):
            self.write(0)

    @rule(cut=st.integers(70, 90) | st.just(1000))
    def write_half(self, cut):
        raw = self.new_line(30)
        self.source.write_half(raw, cut)

    @precondition(lambda self: self.source.half is not None)
    @rule()
    def finish_half(self):
        self.source.finish_half()

    # The files

    @rule()
    def rotate(self):
        self.source.rotate()

    @rule()
    def rotate_twice(self):
        self.source.rotate()
        self.write(0)
        self.source.rotate()

    @precondition(lambda self: self.source.files.path.exists())
    @rule()
    def copytruncate(self):
        self.source.copytruncate()

    @precondition(lambda self: self.source.files.path.exists())
    @rule()
    def replace(self):
        self.source.files.rsync()

    @rule(rank=st.integers(1, 4))
    def compress(self, rank):
        if self.source.files.rank(rank).exists():
            self.source.files.compress(rank)

    @rule(rank=st.integers(1, 3), count=st.integers(1, 4))
    def write_late(self, rank, count):
        """A writer that still has a rotated file open.

        If the file was empty, only the newest one is known not to have been read before a restart.
        """
        written = self.source.generations[-1 - rank : -rank]
        if self.source.files.rank(rank).exists() and (rank == 1 or any(written)):
            self.source.write_late(rank, [self.new_line(0) for _ in range(count)])

    # The reader

    @rule(most=st.integers(1, 6), applied=st.integers(0, 5))
    def read_some(self, most, applied):
        """A batch that is applied whole or, if it is long enough, cut short and undone."""
        entries = self.reader.take(most)
        if applied and applied < len(entries):
            position = self.reader.position_after(entries[applied - 1])
            self.reader.position = position
            self.reader.log.resume(position)
            entries = entries[:applied]
        self.applied += [entry.raw for entry in entries]

    @rule()
    def read_everything(self):
        self.apply_everything()

    @rule()
    def restart(self):
        self.reader.restart()

    @rule()
    def look_around(self):
        backlog = self.reader.log.backlog()
        assert backlog.remaining_bytes >= backlog.partial_bytes

    def in_order(self):
        """What was read of the lines that have an order."""
        return [piece for piece in self.applied if piece not in self.source.late]

    def check(self):
        assert self.in_order() == self.source.pieces
        assert sorted(self.applied) == sorted(self.source.pieces + self.source.late)
        assert not {"gap", "truncated"} & set(self.reader.kinds())


class NothingIsLost(Machine):
    """Each line once and in order."""

    @invariant()
    def what_was_read_is_the_beginning_of_what_was_written(self):
        applied = self.in_order()
        assert applied == self.source.pieces[: len(applied)]


class NamesSayNothing(NothingIsLost):
    """The same where only the times of the records say what came first."""

    def new_files(self):
        return DatedLog(self.folder)


class LossesAreTold(Machine):
    """Operations that destroy what was not read: the rest arrives once and in order."""

    backups = BACKUPS

    def __init__(self):
        super().__init__()
        self.endangered = set()
        self.must_be_told = []  # pieces whose loss leaves evidence

    def endanger(self, pieces, *, evident):
        unread = [piece for piece in pieces if piece not in set(self.applied)]
        self.endangered.update(unread)
        if evident:
            self.must_be_told += unread

    @property
    def has_position(self):
        return bool(self.applied)

    def forget_oldest(self):
        self.endanger(self.source.generations.pop(0), evident=self.has_position)

    def forget_active(self):
        """A generation of which nothing was read yet leaves no trace."""
        self.source.end_line()
        pieces = self.source.active
        self.endanger(pieces, evident=any(piece in set(self.applied) for piece in pieces))
        self.source.generations[-1] = []

    @rule()
    def rotate(self):
        super().rotate()
        self.after_rotation()

    @rule()
    def rotate_twice(self):
        super().rotate_twice()
        self.after_rotation()

    @precondition(lambda self: self.source.files.path.exists())
    @rule()
    def copytruncate(self):
        super().copytruncate()
        self.after_rotation()

    def after_rotation(self):
        while len(self.source.generations) > BACKUPS + 1:
            self.forget_oldest()

    @precondition(lambda self: False)
    @rule()
    def write_late(self):
        """To a file that may be gone: whether it was read says nothing then."""

    @precondition(lambda self: len(self.source.generations) > 1)
    @rule()
    def delete_oldest(self):
        rank = len(self.source.generations) - 1
        for name in (rank, f"{rank}.gz"):
            self.source.files.rank(name).unlink(missing_ok=True)
        self.forget_oldest()

    @precondition(lambda self: self.source.files.path.exists())
    @rule()
    def truncate(self):
        self.forget_active()
        os.truncate(self.source.files.path, 0)

    @rule()
    def recreate(self):
        """All files are removed: of a few that were read long ago nothing would be known."""
        while len(self.source.generations) > 1:
            self.forget_oldest()
        self.forget_active()
        for file in self.source.files.path.parent.iterdir():
            file.unlink()
        self.source.files.path.touch()

    def check(self):
        counts = Counter(self.applied)
        assert not [piece for piece, count in counts.items() if count > 1]
        expected = [piece for piece in self.source.pieces if piece in counts]
        assert self.applied == expected
        lost = [piece for piece in self.source.pieces if piece not in counts]
        assert set(lost) <= self.endangered
        if set(lost) & set(self.must_be_told):
            assert {"gap", "truncated"} & set(self.reader.kinds())
        target(float(len(lost)))


class LinesAreAlike(Machine):
    """Lines without a time of their own: nothing may be lost, though some may come again."""

    def new_line(self, size):
        return line("SAVE", serialized("polls.question", 1, {"t": "x" * size}), at=EPOCH)[:-1]

    @rule(rank=st.integers(1, 3), count=st.integers(1, 4))
    def write_late(self, rank, count):
        """Not to a file that was empty: it looks like those that were read."""
        if self.source.files.rank(rank).exists() and self.source.generations[-1 - rank]:
            super().write_late(rank, count)

    @precondition(lambda self: False)
    @rule()
    def replace(self):
        """Gives away the inode of a file that only its inode tells from others."""

    @precondition(lambda self: False)
    @rule()
    def compress(self):
        """So does this."""

    @precondition(lambda self: False)
    @rule()
    def copytruncate(self):
        """The same bytes in the place of the same bytes: nobody can tell."""

    def check(self):
        missing = Counter(self.source.pieces + self.source.late) - Counter(self.applied)
        assert not missing


CHECKS = settings(
    max_examples=examples(60, 1_000),
    stateful_step_count=40,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestNothingIsLost = NothingIsLost.TestCase
TestNothingIsLost.settings = CHECKS
TestNamesSayNothing = NamesSayNothing.TestCase
TestNamesSayNothing.settings = settings(CHECKS, max_examples=examples(30, 500))
TestLossesAreTold = LossesAreTold.TestCase
TestLossesAreTold.settings = CHECKS
TestLinesAreAlike = LinesAreAlike.TestCase
TestLinesAreAlike.settings = settings(CHECKS, max_examples=examples(30, 500))
