"""Files that look like the log's own and are not read: somebody may miss what they hold."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath

from tui_ingest.oplog.files import notices
from tui_ingest.oplog.files.listing import LogFiles
from tui_ingest.oplog.files.naming import rotated_name
from tui_ingest.oplog.log import Notice

# Where rsync has files on their way, with --delay-updates and --partial-dir: they will be moved.
_ON_THEIR_WAY = frozenset({".~tmp~", ".rsync-partial"})


class PassedOver:
    """Names each such file once.

    Args:
        files: those of the log.
    """

    def __init__(self, files: LogFiles) -> None:
        self._files = files
        self._told: set[Path] = set()

    def look(self) -> list[Notice]:
        """Return what was not told yet. What cannot be listed is left for another time."""
        names: list[str] = []
        folders: list[Path] = []
        for folder, log_name in self._files.folders:
            found = [entry for entry in _entries(folder) if self._is_news(entry)]
            names += [entry.name for entry in found if _is_passed_over(entry, log_name)]
            folders += [
                Path(entry.path)
                for entry in found
                if entry.name not in _ON_THEIR_WAY
                and entry.is_dir(follow_symlinks=False)
                and _has_rotated(Path(entry.path), log_name)
            ]
            self._told.update(Path(entry.path) for entry in found if entry.name in names)
        self._told.update(folders)
        beside = [notices.passed_over(sorted({*names}))] if names else []
        return beside + [notices.elsewhere(folder) for folder in dict.fromkeys(folders)]

    def _is_news(self, entry: os.DirEntry[str]) -> bool:
        path = Path(entry.path)
        return path not in self._told and path not in (
            *self._files.logs,
            *(folder for folder, _ in self._files.folders),
        )


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


def _has_rotated(folder: Path, log_name: str) -> bool:
    return any(rotated_name(entry.name, log_name) for entry in _entries(folder))


def _entries(folder: Path) -> Iterable[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return [*entries]
    return []
