"""Wake-ups: the log may have changed, or somebody wants the waiting to end."""

from __future__ import annotations

import contextlib
import os
import queue
import time
from pathlib import Path

from watchdog.events import (
    EVENT_TYPE_CLOSED,
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from tui_ingest.oplog.naming import rotated_name

STAT_SECONDS = 2.0  # between two looks beside the events, which network mounts do not send
POLL_SECONDS = 0.5  # between two looks where there are no events at all

# Reading, too, is an event to inotify: waking for it would never end.
_CHANGES = {
    EVENT_TYPE_CLOSED,
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
}
_ENDS = {EVENT_TYPE_DELETED, EVENT_TYPE_MOVED}
_FolderId = tuple[int, int]  # device and inode


class Watcher:
    """Waits for changes of a log and its rotated files.

    Args:
        path: the log; neither it nor its folder has to exist.
        poll_seconds: look this often and use no events; None uses them where they can be had.
    """

    def __init__(self, path: Path, *, poll_seconds: float | None = None) -> None:
        self._path = path
        self._poll_seconds = poll_seconds
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._observer: BaseObserver | None = None
        self._watched: list[_FolderId] = []
        self._signature = self._look()
        self._attach()

    @property
    def watching(self) -> bool:
        """Whether changes are announced, or have to be looked for."""
        return self._observer is not None

    def wake(self) -> None:
        """End a wait at once; safe from any thread and from a signal handler."""
        self._news.put(None)

    def wait(self, timeout: float) -> None:
        """Return when something may have changed, or after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                self._news.get(timeout=min(left, self._pause()))
                self._drain()
                break
            self._attach()
            if self._look() != self._signature:
                break
        self._signature = self._look()

    def close(self) -> None:
        """End the observer's threads."""
        self._detach()

    def _pause(self) -> float:
        if self._poll_seconds is not None:
            return self._poll_seconds
        return STAT_SECONDS if self.watching else POLL_SECONDS

    def _drain(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._news.get_nowait()

    def _look(self) -> tuple[int, ...]:
        try:
            status = self._path.stat()
        except OSError:
            return ()
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    # Events

    def _attach(self) -> None:
        """Watch the folders of the log, unless they are the ones that are watched."""
        if self._poll_seconds is not None:
            return
        folders = self._folders()
        ids = [_folder_id(folder) for folder in folders]
        present = [folder_id for folder_id in ids if folder_id is not None]
        if present == self._watched:
            return
        self._detach()
        observer = Observer()
        try:
            for folder, folder_id in zip(folders, ids, strict=True):
                if folder_id is not None:
                    observer.schedule(_Handler(self, folder), str(folder))
            observer.start()
        except OSError:  # no inotify to be had: the limit is reached, or the folder just went
            with contextlib.suppress(RuntimeError):
                observer.stop()
            return
        self._observer, self._watched = observer, present
        self.wake()  # what happened before the observer stood was not announced

    def _detach(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        self._observer, self._watched = None, []

    def _folders(self) -> list[Path]:
        """Return the folder of the log and of the file it links to."""
        target = Path(os.path.realpath(self._path))
        return list(dict.fromkeys((self._path.parent, target.parent)))

    def concerns(self, name: str) -> bool:
        """Tell whether a file name is one of the log's."""
        logs = {self._path.name, Path(os.path.realpath(self._path)).name}
        return any(name == log or rotated_name(name, log) is not None for log in logs)


class _Handler(FileSystemEventHandler):
    def __init__(self, watcher: Watcher, folder: Path) -> None:
        self._watcher = watcher
        self._folder = folder

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _CHANGES:
            return
        paths = {os.fsdecode(event.src_path), os.fsdecode(event.dest_path or "")}
        # Of the folder itself only its end matters: it changes with every file that comes or goes.
        ended = event.event_type in _ENDS and str(self._folder) in paths
        if ended or any(self._watcher.concerns(Path(path).name) for path in paths if path):
            self._watcher.wake()


def _folder_id(folder: Path) -> _FolderId | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
