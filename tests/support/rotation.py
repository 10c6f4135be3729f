"""A log and all that may happen to its files, and a reader that can be restarted."""

import bz2
import gzip
import lzma
import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.records import Malformed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
}


def packed(name, content):
    """The bytes of a file of that name with that content, compressed if the name says so."""
    return _PACKERS.get(Path(name).suffix, bytes)(content)


class RotatedLog:
    """Writes as `RotatingFileHandler` and rotates as it does, or as logrotate or rsync do."""

    def __init__(self, folder, *, backups=30, name="oplog.log"):
        self.path = Path(folder) / name
        self.backups = backups

    def rank(self, number):
        return self.path.with_name(f"{self.path.name}.{number}")

    def write(self, content):
        with self.path.open("ab", buffering=0) as file:
            file.write(content)

    def rotate(self, content=b""):
        """Rename every file, remove the one that is too old, and begin a new one."""
        self._shift()
        if self.path.exists():
            self.path.rename(self.rank(1))
        self.write(content)

    def copytruncate(self):
        """Keep the file and its inode for the next generation, as a logrotate setting does."""
        self._shift()
        shutil.copyfile(self.path, self.rank(1))
        os.truncate(self.path, 0)

    def _shift(self):
        for number in range(self.backups, 0, -1):
            for suffix in ("", *_PACKERS):
                older = self.rank(f"{number}{suffix}")
                if not older.exists():
                    continue
                if number == self.backups:
                    older.unlink()
                else:
                    older.rename(self.rank(f"{number + 1}{suffix}"))

    def rsync(self, content=None):
        """Put a new file with the content of the log, or another, in its place."""
        arriving = self.path.with_name(f".{self.path.name}.Xa12Cd")
        arriving.write_bytes(self.path.read_bytes() if content is None else content)
        arriving.rename(self.path)

    def compress(self, number, suffix=".gz"):
        plain = self.rank(number)
        archive = self.rank(f"{number}{suffix}")
        archive.write_bytes(packed(archive.name, plain.read_bytes()))
        plain.unlink()


class DatedLog(RotatedLog):
    """Rotates by names with a date, in no order: as if clock and calendar were set all the time."""

    def __init__(self, folder):
        super().__init__(folder)
        self._rotated = []  # names as they were given, the newest last

    def rank(self, number):
        if int(number) > len(self._rotated):
            return self.path.with_name("none")
        return self.path.with_name(self._rotated[-int(number)])

    def _shift(self):
        hours = 7919 * (len(self._rotated) + 1) % 1009
        hour = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=hours)
        self._rotated.append(f"{self.path.name}.{hour:%Y-%m-%d_%H}")

    def compress(self, number, suffix=".gz"):
        plain = self.rank(number)
        archive = plain.with_name(plain.name + suffix)
        archive.write_bytes(packed(archive.name, plain.read_bytes()))
        plain.unlink()


class Reader:
    """Reads a log and keeps what a session would: the entries, the notices, the position."""

    def __init__(self, path, **options):
        self.path = path
        self.options = options
        self.position = None
        self.batch = None  # the last one
        self.entries = []
        self.notices = []
        self.log = FileLog(path, **options)
        self.log.resume(None)

    def take(self, most=100, *, most_bytes=1 << 24, final=False):
        """One batch; returns its entries."""
        batch = self.log.read(max_records=most, max_bytes=most_bytes, final=final)
        if batch is None:
            return []
        self._keep(batch)
        return list(batch.entries)

    def read(self, most=100, *, final=False):
        """Everything that is there; returns the entries."""
        before = len(self.entries)
        while True:
            batch = self.log.read(max_records=most, max_bytes=1 << 24, final=final)
            if batch is None:
                return self.entries[before:]
            self._keep(batch)

    def _keep(self, batch):
        self.batch = batch
        self.position = batch.position
        self.entries += batch.entries
        self.notices += batch.notices

    def position_after(self, entry):
        """Where a session would stand that was ended after an entry of the last batch."""
        return self.batch.position_after(self.batch.entries.index(entry) + 1)

    def restart(self, position=None):
        """As a new process does: from the durable position, or from the one given."""
        self.close()
        self.position = position or self.position
        self.log = FileLog(self.path, **self.options)
        self.log.resume(self.position)

    def kinds(self):
        """The kinds of the notices so far."""
        return [notice.kind.value for notice in self.notices]

    def close(self):
        self.log.close()


def lines_of(entries):
    """The lines that entries were made of, with their newline."""
    return [entry.raw + b"\n" for entry in entries]


def reasons(entries):
    """Why each entry is no record, or "record"."""
    return [entry.reason.value if isinstance(entry, Malformed) else "record" for entry in entries]
