"""The files that make up a log right now, oldest first."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from tui_ingest.oplog.generations import Generation
from tui_ingest.oplog.log import LogUnavailableError
from tui_ingest.oplog.naming import RotatedName, age_order, rotated_name

# A rollover renames up to 30 files one by one. A listing taken meanwhile shows gaps, a missing
# active file or one inode twice; the next one, microseconds later, usually does not.
MOST_LISTINGS = 200

FileId = tuple[int, int]  # device and inode
Listing = dict[Path, FileId]
_Rotated = tuple[Generation, RotatedName]


class _ChangedError(Exception):
    """The files were renamed while they were looked at."""


class Snapshot:
    """The generations of a log that have an identity, open, oldest first.

    A context manager: at its end, all but those taken with `keep` are closed.
    """

    def __init__(self, generations: list[Generation], active: Generation | None) -> None:
        self.generations = generations
        self.active = active  # also in generations, unless it has no line yet
        self._kept: list[Generation] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for generation in (*self.generations, self.active):
            if generation is not None and generation not in self._kept:
                generation.close()

    def keep(self, generation: Generation) -> Generation:
        """Leave a generation open when the snapshot ends."""
        self._kept.append(generation)
        return generation

    def find(
        self,
        identity: str,
        offset: int,
        tail_digest: str,
        *,
        hint: FileId | None = None,
        but_not: FileId | None = None,
    ) -> Generation | None:
        """Return the generation whose content agrees with a position; None if there is none.

        Args:
            identity: of the generation.
            offset: up to which it was read, in bytes.
            tail_digest: of what was read last.
            hint: the file it was, to be preferred if several agree; otherwise the oldest is.
            but_not: a file that is not asked for.
        """
        agreeing = [
            found
            for found in self.generations
            if found.identity == identity
            and found.file_id != but_not
            and found.confirms(offset, tail_digest)
        ]
        return next(
            (found for found in agreeing if found.file_id == hint), next(iter(agreeing), None)
        )

    def by_file_id(self, file_id: FileId) -> Generation | None:
        """Return the generation in a file; None if it has no line yet, or is not there."""
        return next((found for found in self.generations if found.file_id == file_id), None)

    def after(self, generation: Generation) -> list[Generation]:
        """Return the generations that are newer than one of them."""
        return self.generations[self.generations.index(generation) + 1 :]


def discover(path: Path) -> Snapshot:
    """Open every file of a log and return those with a first line in the order of their age.

    Raises:
        LogUnavailableError: a file that exists cannot be read; none may be passed over.
        LogError: the log's path is a folder, a pipe or a device.
    """
    for _ in range(MOST_LISTINGS):
        try:
            return _discover_once(path)
        except _ChangedError:
            continue
    raise LogUnavailableError(f"{path} is being rotated faster than its files can be listed.")


def rotated_files(path: Path) -> list[tuple[Path, RotatedName]]:
    """Return the rotated files next to the log, and next to the file that it links to.

    Raises:
        LogUnavailableError: the folder cannot be listed.
    """
    found = {}
    for log in dict.fromkeys((path, Path(os.path.realpath(path)))):
        for name in _names(log.parent):
            rotated = rotated_name(name, log.name)
            if rotated is not None:
                found[log.parent / name] = rotated
    return sorted(found.items(), key=lambda item: age_order(item[1]))


def listing(path: Path) -> Listing:
    """Return which file is where: two equal listings around a look mean that it saw no rollover."""
    found: Listing = {}
    for candidate in (path, *(rotated for rotated, _ in rotated_files(path))):
        try:
            status = candidate.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise LogUnavailableError(f"{candidate} cannot be read: {error.strerror}.") from error
        found[candidate] = (status.st_dev, status.st_ino)
    return found


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise LogUnavailableError(f"{folder} cannot be listed: {error.strerror}.") from error


def _discover_once(path: Path) -> Snapshot:
    before = listing(path)
    opened: list[Generation] = []
    try:
        rotated = [
            (_take(opened, candidate, compressed=name.compressed, finished=True), name)
            for candidate, name in rotated_files(path)
        ]
        active = None
        if path in before:
            active = _take(opened, path, compressed=False, finished=False)
        if listing(path) != before or not _as_listed(opened, before):
            raise _ChangedError
    except BaseException as error:
        for generation in opened:
            generation.close()
        if isinstance(error, FileNotFoundError):
            raise _ChangedError from error
        raise
    kept = _in_order(_without_twins(rotated), active)
    for generation in opened:
        if generation not in kept and generation is not active:
            generation.close()
    return Snapshot(kept, active)


def _take(opened: list[Generation], path: Path, *, compressed: bool, finished: bool) -> Generation:
    generation = Generation(path, compressed=compressed, finished=finished)
    opened.append(generation)
    return generation


def _as_listed(opened: Iterable[Generation], before: Listing) -> bool:
    return all(before.get(generation.path) == generation.file_id for generation in opened)


def _without_twins(
    rotated: list[tuple[Generation, RotatedName]],
) -> list[tuple[Generation, RotatedName]]:
    """Leave out the compressed twin of a file that is still there unpacked, finished or not."""
    plain = {name.stem for _, name in rotated if not name.compressed}
    return [
        (generation, name)
        for generation, name in rotated
        if not (name.compressed and name.stem in plain)
    ]


def _in_order(rotated: list[_Rotated], active: Generation | None) -> list[Generation]:
    with_lines = [(generation, name) for generation, name in rotated if generation.identity]
    if len({name.rank is None for _, name in with_lines}) > 1:
        # Two kinds of rotation side by side: only the records' own times relate them.
        with_lines.sort(key=lambda item: item[0].first_time or item[0].mtime)
    generations = [generation for generation, _ in with_lines]
    if active is None or not active.identity:
        return generations
    generations = [found for found in generations if found.file_id != active.file_id]
    if generations and _is_copy_of_head(generations[-1], active):
        generations.pop()
    return [*generations, active]


def _is_copy_of_head(copy: Generation, active: Generation) -> bool:
    """Tell whether the newest rotated file is a copy that precedes a truncation (copytruncate)."""
    return (
        copy.identity == active.identity
        and copy.file_id != active.file_id
        and copy.size <= active.size
        and copy.tail(copy.size) == active.tail(copy.size)
    )


def rotation_ranks(path: Path) -> dict[FileId, int]:
    """Return the N of every NAME.N by file.

    Raises:
        LogUnavailableError: the folder or a file cannot be looked at.
    """
    names = dict(rotated_files(path))
    return {
        file_id: rank
        for rotated, file_id in listing(path).items()
        if rotated in names and (rank := names[rotated].rank) is not None
    }
