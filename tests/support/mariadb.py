"""A MariaDB server for the tests that ask for one, from Debian's package mariadb-server."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pymysql
import pytest

from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.site import watched

SETTINGS = "import pymysql\npymysql.install_as_MySQLdb()\n"  # it speaks for mysqlclient


class MariaDB:
    """A running server."""

    def __init__(self, path):
        self.socket = str(path)

    def connect(self, **options):
        options = {"unix_socket": self.socket, "user": "root", "autocommit": True} | options
        return pymysql.connect(**options)

    def execute(self, sql):
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
        finally:
            connection.close()


@contextlib.contextmanager
def mariadb_server():
    """Start a server on a socket in a folder of its own; it ends with the block."""
    daemon = _program("mariadbd")
    folder = Path(tempfile.mkdtemp(prefix="tui-ingest-mariadb-"))  # short: it holds a socket
    try:
        _initialize(folder)
        command = [
            *(daemon, "--no-defaults", *_user(), f"--datadir={folder / 'data'}"),
            *(f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", "--skip-networking"),
            *("--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0"),
        ]
        with (
            (folder / "log").open("wb") as log,
            watched(subprocess.Popen(command, stderr=log)) as process,
        ):
            server = MariaDB(folder / "socket")
            eventually(lambda: _answers(server, process), what="MariaDB answers")
            yield server
            process.terminate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name):
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.fail(
            f"These tests need {name}, of Debian's package mariadb-server:"
            " sudo apt-get install mariadb-server"
        )
    return found


def _user():
    """The server runs as root only if it is told to."""
    return ["--user=root"] if os.geteuid() == 0 else []


def _initialize(folder):
    options = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
    command = [_program("mariadb-install-db"), *options, *_user(), f"--datadir={folder / 'data'}"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _answers(server, process):
    assert process.poll() is None, "MariaDB does not start"
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:  # a driver would leave it open
        return probe.connect_ex(server.socket) == 0
