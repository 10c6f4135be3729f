"""Processes of a site that start in no time and may be killed: forks of one that is set up."""

import contextlib
import os
import signal

from tests.support.engine import eventually
from tests.support.patience import DEADLINE_SECONDS

# A server may still execute, and commit, what somebody asked for who was killed.
OTHERS = """
from django.db import connection
of_others = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT count(*) FROM information_schema.processlist"
    " WHERE db = database() AND id <> connection_id()",
}
with connection.cursor() as cursor:
    cursor.execute(of_others.get(connection.vendor, "SELECT 0"))
    print(cursor.fetchone()[0])
"""

SCRIPT = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
for line in sys.stdin:
    name, *arguments = line.split()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open("nursery.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
        os.dup2(1, 2)
        try:
            if name == "storm":
                from storm import rage
                rage(*arguments)
            else:
                call_command(name, *arguments)
        finally:
            os._exit(0)
    print(child, flush=True)
"""


class Nursery:
    """Starts processes of one site; what still runs at the end of the block is killed, and the
    database has heard of it by then.
    """

    def __init__(self, site):
        self._site = site
        self._pids = set()
        self._parent = None

    def __enter__(self):
        settings = {"DJANGO_SETTINGS_MODULE": "mysite.settings"}
        parent = self._site.folder / "nursery.py"
        parent.write_text(SCRIPT)
        self._parent = self._site.start(parent, stdin=True, **settings)
        return self

    def __exit__(self, *_):
        for pid in list(self._pids):
            self.kill(pid)
        self._parent.communicate(timeout=DEADLINE_SECONDS)
        eventually(lambda: self._site.shell(OTHERS).strip() == "0", what="all of them are gone")

    def start(self, *command):
        """Start a command of Django's or `storm`; its pid."""
        self._parent.stdin.write(" ".join(map(str, command)) + "\n")
        self._parent.stdin.flush()
        pid = int(self._parent.stdout.readline())
        self._pids.add(pid)
        return pid

    def kill(self, pid):
        self._pids.discard(pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
