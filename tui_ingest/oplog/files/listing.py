"""Which files a log has, by name and by inode, at one moment; and which only look like its own."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import NamedTuple

from tui_ingest.oplog.files.naming import RotatedName, age_order, rotated_name
from tui_ingest.oplog.log import LogUnavailableError

# Where rsync has files on their way, with --delay-updates and --partial-dir: they will be moved.
_ON_THEIR_WAY = frozenset({".~tmp~", ".rsync-partial"})

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


class PassedOver:
    """Files that look like the log's own and are not read: somebody may miss what they hold.

    Args:
        files: those of the log.
    """

    def __init__(self, files: LogFiles) -> None:
        self._files = files
        self._told: set[Path] = set()

    def look(self) -> tuple[list[str], list[Path]]:
        """Return the names of such files, and folders that have some, each of them once.

        What cannot be listed is left for another time.
        """
        names: list[str] = []
        folders: list[Path] = []
        for folder, log_name in self._files.folders:
            known = {*self._told, *self._files.logs, *(other for other, _ in self._files.folders)}
            found = [entry for entry in _entries(folder) if Path(entry.path) not in known]
            names += [entry.name for entry in found if _is_passed_over(entry, log_name)]
            folders += [
                Path(entry.path)
                for entry in found
                if entry.name not in _ON_THEIR_WAY
                and entry.is_dir(follow_symlinks=False)
                and any(rotated_name(inner.name, log_name) for inner in _entries(Path(entry.path)))
            ]
            self._told.update(Path(entry.path) for entry in found if entry.name in names)
        self._told.update(folders)
        return sorted({*names}), [*dict.fromkeys(folders)]


def _is_passed_over(entry: os.DirEntry[str], log_name: str) -> bool:
    """Tell whether a file with something in it is called as the log, but not as rotation calls it.

    Before the extension only what begins with a digit: words there are the names of other logs.
    """
    log = PurePath(log_name)
    within = re.compile(rf"{re.escape(log.stem)}[-._]\d.*{re.escape(log.suffix)}(\.\w+)*")
    if not entry.name.startswith(log_name) and not (log.suffix and within.fullmatch(entry.name)):
        return False
    with contextlib.suppress(OSError):
        return (
            rotated_name(entry.name, log_name) is None
            and entry.is_file()
            and entry.stat().st_size > 0
        )
    return False


def _entries(folder: Path) -> Iterable[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return [*entries]
    return []
