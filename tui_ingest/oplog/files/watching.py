"""Wake-ups: the log may have changed, or somebody wants the waiting to end."""

from __future__ import annotations

import contextlib
import os
import queue
import time
from pathlib import Path

from watchdog.events import (
    DirDeletedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from tui_ingest.oplog.files.naming import rotated_name

STAT_SECONDS = 2.0  # between two looks beside the events, which network mounts do not send
POLL_SECONDS = 0.5  # between two looks where there are no events at all

# Opening and closing are events, too: a reader that they wake would never rest.
_CHANGES: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    DirDeletedEvent,
]
_FolderId = tuple[int, int]  # device and inode


class Watcher:
    """Waits for changes of a log and its rotated files.

    Nothing is watched before the first `wait`, and that one returns at once.

    Args:
        path: the log; neither it nor its folder has to exist.
        poll_seconds: look this often and use no events; None uses them where they can be had.
    """

    def __init__(self, path: Path, *, poll_seconds: float | None = None) -> None:
        self._path = path
        self._poll_seconds = poll_seconds
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._observer: BaseObserver | None = None
        self._watched: dict[Path, _FolderId] | None = None  # None: it has to be looked anew
        self._signature = self._look()

    def wake(self) -> None:
        """End a wait at once; safe from any thread and from a signal handler."""
        if self._news.empty():  # nobody may wait for hours
            self._news.put(None)

    def wait(self, timeout: float) -> None:
        """Return when something may have changed, or after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        self._attach()
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                self._news.get(timeout=min(left, self._pause()))
                break
            self._attach()
            if self._look() != self._signature:
                break
        with contextlib.suppress(queue.Empty):
            while True:
                self._news.get_nowait()
        self._signature = self._look()

    def _pause(self) -> float:
        if self._poll_seconds is not None:
            return self._poll_seconds
        return STAT_SECONDS if self._observer is not None else POLL_SECONDS

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
        target = Path(os.path.realpath(self._path))
        folders = {
            folder: folder_id
            for folder in (self._path.parent, target.parent)
            if (folder_id := _folder_id(folder)) is not None
        }
        if folders == self._watched:
            return
        self.close()
        if folders:
            self._observe(folders, {self._path.name, target.name})
        else:
            self._watched = folders

    def _observe(self, folders: dict[Path, _FolderId], logs: set[str]) -> None:
        try:
            observer = Observer()
        except OSError:  # no inotify to be had: as many as a user may have are in use
            return
        handler = _Handler(self, set(folders), logs)
        for folder in folders:
            observer.schedule(handler, str(folder), event_filter=_CHANGES)
        self._observer, self._watched = observer, folders  # before anything can be announced
        try:
            observer.start()
        except OSError:  # the same, noticed later, or a folder just went
            observer.stop()  # it may have threads and descriptors already
            self._observer, self._watched = None, None
        else:
            self.wake()  # what happened before the observer stood was not announced

    def close(self) -> None:
        """End the observer's threads."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        self._observer, self._watched = None, None

    def lose(self) -> None:
        """A watched folder is gone: one of the same name, or even inode, is another one."""
        self._watched = None
        self.wake()


class _Handler(FileSystemEventHandler):
    def __init__(self, watcher: Watcher, folders: set[Path], logs: set[str]) -> None:
        self._watcher = watcher
        self._folders = folders
        self._logs = logs  # names of the log and of the file that it links to

    def on_any_event(self, event: FileSystemEvent) -> None:
        paths = [Path(os.fsdecode(path)) for path in (event.src_path, event.dest_path) if path]
        if isinstance(event, DirDeletedEvent):
            if not self._folders.isdisjoint(paths):
                self._watcher.lose()
        elif any(
            path.name == log or rotated_name(path.name, log) for path in paths for log in self._logs
        ):
            self._watcher.wake()


def _folder_id(folder: Path) -> _FolderId | None:
    try:
        status, again = folder.stat(), folder.stat()
    except OSError:
        return None
    # Where numbers are others every time they do not say that a folder is another one.
    return status.st_dev, status.st_ino if status.st_ino == again.st_ino else 0
