"""Opening all files of a log although they may be renamed at the same time."""

from __future__ import annotations

from pathlib import Path

from tui_ingest.oplog.files.descriptors import make_room
from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.listing import Listing, LogFiles, listing, rotated_files
from tui_ingest.oplog.files.ordering import in_order
from tui_ingest.oplog.files.snapshots import Snapshot
from tui_ingest.oplog.log import LogUnavailableError

# A rollover renames up to 30 files one by one. A listing taken meanwhile shows gaps, a missing
# active file or one inode twice; the next one, microseconds later, usually does not.
MOST_LISTINGS = 200


class _ChangedError(Exception):
    """The files were renamed while they were looked at."""


def discover(files: LogFiles) -> Snapshot:
    """Open every file of a log and return those with a first line in the order of their age.

    Raises:
        LogUnavailableError: a file that exists cannot be read; none may be passed over.
        LogError: the log's path is a folder, a pipe or a device.
    """
    for _ in range(MOST_LISTINGS):
        try:
            return _discover_once(files)
        except _ChangedError:
            continue
    raise LogUnavailableError(f"{files.path} is being rotated faster than its files can be listed.")


def _discover_once(files: LogFiles) -> Snapshot:
    before = listing(files)
    make_room(len(before))
    opened: list[Generation] = []
    try:
        rotated = [
            (_take(opened, candidate, before, compression=name.compression, finished=True), name)
            for candidate, name in rotated_files(files)
        ]
        active = None
        if files.path in before:
            active = _take(opened, files.path, before, compression="", finished=False)
        if listing(files) != before:
            raise _ChangedError
        return Snapshot(in_order(rotated, active), active)
    except BaseException as error:
        for generation in opened:
            generation.close()
        if isinstance(error, FileNotFoundError):
            raise _ChangedError from error
        raise


def _take(
    opened: list[Generation], path: Path, expected: Listing, *, compression: str, finished: bool
) -> Generation:
    generation = Generation(path, compression=compression, finished=finished)
    opened.append(generation)
    if expected.get(path) != generation.file_id:
        raise _ChangedError
    return generation
