"""Processes that run Python and need not import Django again: forks of one that has.

Tests start thousands, and most of the time of each went by before it did anything. As if it were
started anew, each has a number, an environment, a folder and open files of its own, ends as Python
ends, and may be killed.
"""

import atexit
import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # of Linux
_asking = threading.Lock()


def start(arguments, *, folder, environment, **files):
    """Start Python, as `subprocess.Popen` does."""
    is_like_us = sys.platform == "linux" and _of_python(environment) == _of_python(os.environ)
    is_forkable = arguments[0] in {"-c", "-m"} or not arguments[0].startswith("-")
    kind = _Fork if is_like_us and is_forkable else subprocess.Popen
    return kind([sys.executable, *arguments], cwd=folder, env=environment, text=True, **files)


def _of_python(environment):
    """What Python looks at when it starts."""
    heard = {"PYTHONUNBUFFERED"}
    names = {name for name in environment if name.startswith(("LANG", "LC_", "PYTHON"))} - heard
    return {name: environment[name] for name in names}


class _Fork(subprocess.Popen):
    def _execute_child(self, args, *others):
        _, _, _, _, cwd, env, _, _, _, *pipes = others[:15]
        stdin, _, _, stdout, _, stderr = pipes
        request = {"arguments": args[1:], "folder": str(cwd), "environment": env}
        given = enumerate((stdin, stdout, stderr))
        files = [number if file == -1 else file for number, file in given]
        self.pid = _fork(json.dumps(request).encode(), files)
        self._child_created = True
        self._close_pipe_fds(*pipes)


def _fork(request, files):
    server = _server()
    with _asking:
        _adopt_orphans(True)
        try:
            socket.send_fds(server, [request], files)
            answer = server.recv(100)
        finally:
            _adopt_orphans(False)
    assert answer, "the process to fork has ended; why is in this one's error output"
    return int(answer)


def _adopt_orphans(yes):
    """Become the parent of processes whose own has ended, so that this one is told how they end."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


@cache
def _server():
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("fork_server.py"), str(there.fileno())],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[there.fileno()],
    )
    there.close()
    atexit.register(process.wait)
    atexit.register(here.close)  # which comes first, and has it end
    return here
