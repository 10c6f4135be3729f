"""What `forks.py` starts: Python that has imported much of Django, and forks itself."""

import gc
import io
import json
import os
import pkgutil
import runpy
import socket
import sys
import types
from importlib import import_module
from pathlib import Path

MOST_BYTES = 200_000  # of a request
# Nothing of these depends on settings; what does is imported by each process.
IMPORTED = (
    *("asyncio", "http.client", "rich.markup", "rich.table", "ssl", "watchdog.observers"),
    *("django.contrib.auth.hashers", "django.contrib.auth.tokens", "django.middleware.cache"),
    *("django.core.cache.backends.locmem", "django.core.management", "django.forms"),
    *(f"django.core.management.commands.{name}" for name in ("makemigrations", "migrate", "shell")),
    *(f"django.db.backends.{name}.base" for name in ("postgresql", "sqlite3")),
    *("django.contrib.sites.shortcuts", "django.views.debug"),
)
WHOLE = ("tui_ingest.oplog", "tui_ingest.streams")  # which know no Django


def serve(connection):
    """Fork whenever somebody asks; return, in a process that is to do something: what that is.

    Its parent is one that has ended, so that whoever has asked adopts it.
    """
    while True:
        message, files, _, _ = socket.recv_fds(connection, MOST_BYTES, 3)
        if not message:
            sys.exit()
        reading, writing = os.pipe()
        middle = os.fork()
        if middle == 0:
            if child := os.fork():
                os.write(writing, str(child).encode())
                os._exit(0)
            for own in (connection.detach(), reading, writing):
                os.close(own)
            return json.loads(message), files
        os.waitpid(middle, 0)
        connection.send(os.read(reading, 100))
        for own in (*files, reading, writing):
            os.close(own)


def become(request, files):
    """Be the process that was asked for, as if Python had just been started."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.stdin = sys.__stdin__ = _reader(sys.stdin, 0)
    sys.stdout = sys.__stdout__ = _writer(sys.stdout, 1)
    sys.stderr = sys.__stderr__ = _writer(sys.stderr, 2)
    what, *arguments = request["arguments"]
    sys.orig_argv = [sys.executable, what, *arguments]
    if what == "-m":
        sys.argv = arguments
        sys.path[0] = str(Path.cwd())
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        return
    if what == "-c":
        sys.argv = [what, *arguments[1:]]
        sys.path[0] = ""
        code = compile(arguments[0], "<string>", "exec")
    else:
        sys.argv = [what, *arguments]
        sys.path[0] = str(Path(what).resolve().parent)
        code = compile(Path(what).read_bytes(), what, "exec")
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(code, main.__dict__)


def _reader(text, number):
    file = io.BufferedReader(io.FileIO(number, closefd=False))
    return io.TextIOWrapper(file, text.encoding, text.errors)


def _writer(text, number):
    file = io.FileIO(number, "w", closefd=False)
    if os.environ.get("PYTHONUNBUFFERED"):
        return io.TextIOWrapper(file, text.encoding, text.errors, write_through=True)
    by_lines = number == 2 or file.isatty()
    return io.TextIOWrapper(
        io.BufferedWriter(file), text.encoding, text.errors, line_buffering=by_lines
    )


if __name__ == "__main__":
    for _name in IMPORTED:
        import_module(_name)
    for _name in WHOLE:
        for _found in pkgutil.walk_packages(import_module(_name).__path__, f"{_name}."):
            import_module(_found.name)
    gc.collect()
    gc.freeze()
    become(*serve(socket.socket(fileno=int(sys.argv[1]))))
