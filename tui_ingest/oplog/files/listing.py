"""Which files lie next to a log, by name and by inode, at one moment."""

from __future__ import annotations

import os
from pathlib import Path

from tui_ingest.oplog.files.naming import RotatedName, age_order, rotated_name
from tui_ingest.oplog.log import LogUnavailableError

FileId = tuple[int, int]  # device and inode
Listing = dict[Path, FileId]


def rotated_files(path: Path) -> list[tuple[Path, RotatedName]]:
    """Return the rotated files next to the log, and next to the file that it links to.

    Of a file and its compressed twin only the file counts: the twin may not be finished.

    Raises:
        LogUnavailableError: the folder cannot be listed.
    """
    found: dict[Path, RotatedName] = {}
    for log in dict.fromkeys((path, Path(os.path.realpath(path)))):
        for name in _files_in(log.parent):
            rotated = rotated_name(name, log.name)
            if rotated is not None:
                found[log.parent / name] = rotated
    alone = [
        (file, name)
        for file, name in found.items()
        if not (name.compression and file.with_name(name.stem) in found)
    ]
    return sorted(alone, key=lambda item: age_order(item[1]))


def listing(path: Path) -> Listing:
    """Return which file is where: two equal listings around a look mean that it saw no rollover.

    Raises:
        LogUnavailableError: the folder or a file cannot be looked at.
    """
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
