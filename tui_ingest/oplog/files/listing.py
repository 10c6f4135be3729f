"""Which files a log has, by name and by inode, at one moment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from tui_ingest.oplog.files.naming import RotatedName, age_order, rotated_name
from tui_ingest.oplog.log import LogUnavailableError

FileId = tuple[int, int]  # device and inode
Listing = dict[Path, FileId]


class LogFiles(NamedTuple):
    """Where the files of a log are."""

    path: Path  # of the active one
    # Of rotated ones that do not stay beside it (logrotate's setting of this name); None if all do.
    # Relative to the log's folder. It is told, not guessed: what lies there by chance is no log.
    olddir: Path | None = None

    @property
    def logs(self) -> list[Path]:
        """The log's path, and the file that it links to."""
        return [*dict.fromkeys((self.path, Path(os.path.realpath(self.path))))]

    @property
    def folders(self) -> list[tuple[Path, str]]:
        """Where rotated files may be, each with the name that theirs begin with."""
        beside = [(log.parent, log.name) for log in self.logs]
        if self.olddir is None:
            return beside
        return beside + [(folder / self.olddir, name) for folder, name in beside]


def rotated_files(files: LogFiles) -> list[tuple[Path, RotatedName]]:
    """Return the rotated files of a log.

    Of a file and its compressed twin only the file counts: the twin may not be finished.

    Raises:
        LogUnavailableError: a folder cannot be listed.
    """
    found: dict[Path, RotatedName] = {}
    for folder, log_name in dict.fromkeys(files.folders):
        for name in _files_in(folder):
            rotated = rotated_name(name, log_name)
            if rotated is not None:
                found[folder / name] = rotated
    alone = [
        (file, name)
        for file, name in found.items()
        if not (name.compression and file.with_name(name.stem) in found)
    ]
    return sorted(alone, key=lambda item: age_order(item[1]))


def listing(files: LogFiles) -> Listing:
    """Return which file is where: two equal listings around a look mean that it saw no rollover.

    Raises:
        LogUnavailableError: the folder or a file cannot be looked at.
    """
    found: Listing = {}
    for candidate in (files.path, *(rotated for rotated, _ in rotated_files(files))):
        try:
            status = candidate.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise LogUnavailableError(f"{candidate} cannot be read: {error.strerror}.") from error
        found[candidate] = (status.st_dev, status.st_ino)
    return found


def numbers_change(files: LogFiles) -> bool:
    """Tell whether the system gives a file another number every time, as some mounts do.

    Three different ones of a file that did not change: no rollover does that in so short a time.
    """
    for candidate in (files.path, *(rotated for rotated, _ in rotated_files(files))):
        try:
            seen = [candidate.stat() for _ in range(3)]
        except OSError:
            continue
        if (
            len({status.st_ino for status in seen}) == len(seen)
            and len({(status.st_dev, status.st_size, status.st_mtime_ns) for status in seen}) == 1
        ):
            return True
    return False


def rotation_ranks(files: LogFiles) -> dict[FileId, int]:
    """Return the N of every NAME.N by file.

    Raises:
        LogUnavailableError: the folder or a file cannot be looked at.
    """
    names = dict(rotated_files(files))
    return {
        file_id: rank
        for rotated, file_id in listing(files).items()
        if rotated in names and (rank := names[rotated].rank) is not None
    }


def _files_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if _may_be_file(entry)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise LogUnavailableError(f"{folder} cannot be listed: {error.strerror}.") from error


def _may_be_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # opening it will say what is wrong
        return True
