"""Opening all files of a log although they may be renamed at the same time."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tui_ingest.oplog.files.content import DescriptorPool
from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.listing import (
    Listing,
    LogFiles,
    listing,
    numbers_change,
    rotated_files,
)
from tui_ingest.oplog.files.ordering import Rotated, in_order
from tui_ingest.oplog.files.snapshots import Snapshot
from tui_ingest.oplog.log import LogError, LogUnavailableError

# A rollover renames up to 30 files one by one. A listing taken meanwhile shows gaps, a missing
# active file or one inode twice; the next one, microseconds later, usually does not.
MOST_LISTINGS = 200
_FEW_LISTINGS = 5  # after which something else may be the matter


class _ChangedError(Exception):
    """The files were renamed while they were looked at."""


def discover(
    files: LogFiles, pool: DescriptorPool | None = None, *, all_or_none: bool = True
) -> Snapshot:
    """Open every file of a log and return those with a first line in the order of their age.

    Args:
        files: of the log.
        pool: of descriptors, if some are held already.
        all_or_none: no file may be passed over; else one that cannot be read is named.

    Raises:
        LogUnavailableError: a file that exists cannot be read, or the folder.
        LogError: the log's path is a folder, a pipe or a device.
    """
    pool = pool or DescriptorPool()
    for attempt in range(MOST_LISTINGS):
        try:
            if attempt >= _FEW_LISTINGS and numbers_change(files):
                return _discover_by_content(files, pool, all_or_none=all_or_none)
            return _discover_once(files, pool, all_or_none=all_or_none)
        except _ChangedError:
            continue
    raise LogUnavailableError(f"{files.path} is being rotated faster than its files can be listed.")


def is_at(path: Path, generation: Generation, pool: DescriptorPool) -> bool:
    """Tell whether a plain file is the one at a path."""
    try:
        if not generation.by_content:
            status = path.stat()
            return (status.st_dev, status.st_ino) == generation.file_id
        with contextlib.closing(
            Generation(path, compression="", finished=False, pool=pool, by_content=True)
        ) as found:
            return found.looks_like(generation)  # if it is another one, it is so until it grows
    except (OSError, LogError):
        return False


def _discover_once(files: LogFiles, pool: DescriptorPool, *, all_or_none: bool) -> Snapshot:
    before = listing(files)
    pool.make_room(len(before))
    look = _Look(files, pool, all_or_none=all_or_none)
    try:
        look.open(expected=before)
        readable = {path: file for path, file in before.items() if path not in look.unreadable}
        opened = {found.path: found.file_id for found in look.opened}
        if opened != readable or listing(files) != before:
            raise _ChangedError
        return look.snapshot()
    except BaseException:
        look.close()
        raise


def _discover_by_content(files: LogFiles, pool: DescriptorPool, *, all_or_none: bool) -> Snapshot:
    """Do the same where the numbers of files are others every time: twice the same content."""
    first, second = (_Look(files, pool, all_or_none=all_or_none) for _ in range(2))
    try:
        first.open(expected=None)
        second.open(expected=None)
        one, other = ({at.path: at.identity for at in look.opened} for look in (first, second))
        if one != other:
            raise _ChangedError
        return second.snapshot()
    except BaseException:
        second.close()
        raise
    finally:
        first.close()


class _Look:
    """All files of a log, opened one after the other."""

    def __init__(self, files: LogFiles, pool: DescriptorPool, *, all_or_none: bool) -> None:
        self._files = files
        self._pool = pool
        self._all_or_none = all_or_none
        self.unreadable: dict[Path, str] = {}  # why, of files that were passed over
        self.opened: list[Generation] = []
        self._rotated: list[Rotated] = []
        self._active: Generation | None = None

    def open(self, *, expected: Listing | None) -> None:
        """Open them.

        Args:
            expected: which file is to be where; None goes by their content.

        Raises:
            _ChangedError: one was renamed meanwhile.
        """
        for path, name in rotated_files(self._files):
            found = self._open(path, name.compression, expected, finished=True)
            if found is not None:
                self._rotated.append((found, name))
            elif path not in self.unreadable:
                raise _ChangedError
        self._active = self._open(self._files.path, "", expected, finished=False)

    def _open(
        self, path: Path, compression: str, expected: Listing | None, *, finished: bool
    ) -> Generation | None:
        try:
            found = Generation(
                path,
                compression=compression,
                finished=finished,
                pool=self._pool,
                by_content=expected is None,
            )
        except FileNotFoundError:
            return None
        except LogUnavailableError as error:
            if self._all_or_none:
                raise
            self.unreadable[path] = str(error)
            return None
        if expected is not None and expected.get(path) != found.file_id:
            found.close()
            raise _ChangedError
        self.opened.append(found)
        return found

    def snapshot(self) -> Snapshot:
        """Return what was opened, in its order."""
        ordered = in_order(self._rotated, self._active)
        return Snapshot(ordered, self._active, unreadable=[*self.unreadable.values()])

    def close(self) -> None:
        """Give back every descriptor."""
        for generation in self.opened:
            generation.close()
