"""Install what was built into an empty virtual environment, and use it.

    python .ci/check_package.py DIST

DIST is a folder with one sdist and one wheel. Each is installed by itself; then the demo, the
console with its help, and a new project with its migrations are run from it.
"""

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import pexpect
import pyte

DEADLINE_SECONDS = 120
LOG = (
    '1698395500.5 SAVE [{"model": "polls.question", "pk": 1, "fields": {"id": '
    '"9be07f9e-2a4d-4f4d-a4b8-0f8ea3cfb62c", "question_text": "Why?", '
    '"pub_date": "2023-10-27T08:31:40Z"}}]\n'
)
SETTINGS = """
INSTALLED_APPS += ["tui_ingest", "tui_ingest.demo.polls"]
TUI_INGEST = {"MODELS": ["polls"]}
"""
WEB_PAGE = """
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client

visitor = Client(headers={"host": "localhost"})
visitor.force_login(User.objects.create_superuser("ann"))
print(visitor.get("/admin/tui_ingest/processedfile/").content.decode())
print(*(finders.find(f"tui_ingest/{name}") for name in ("live.js", "admin.css")))
"""


class Installed:
    """A virtual environment with one archive in it, and a folder to work in."""

    def __init__(self, archive: Path, scratch: Path) -> None:
        venv.create(scratch / "venv", with_pip=True)
        self.bin = scratch / "venv" / "bin"
        self.folder = scratch / "work"
        self.folder.mkdir()
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(scratch),
            "LANG": "C.UTF-8",
            "TUI_INGEST_DEMO_DB": str(scratch / "demo.sqlite3"),
        }
        run([self.bin / "pip", "install", "--quiet", archive], cwd=self.folder)

    def run(self, program: str, *arguments: str, folder: Path | None = None) -> str:
        """Run a program of the environment to its end; return what it says."""
        return run(
            [self.bin / program, *arguments], env=self.environment, cwd=folder or self.folder
        )


def run(command: list[str | Path], **options: Any) -> str:
    """Run to the end; a status other than 0 ends the check."""
    done = subprocess.run(  # noqa: S603  # the commands are those below
        command, text=True, capture_output=True, check=False, timeout=600, **options
    )
    if done.returncode:
        said = done.stdout + done.stderr
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{said}")
    return done.stdout


def check(archive: Path) -> None:
    """Use one archive in every way that a newcomer would."""
    with tempfile.TemporaryDirectory(prefix="tui-ingest-package-") as name:
        installed = Installed(archive, Path(name))
        (installed.folder / "oplog.log").write_text(LOG)
        say(installed.run("tui-ingest", "--version").strip())
        say(installed.run("tui-ingest", "oplog.log", "--headless", "--once").splitlines()[-1])
        page = installed.bin.parent / "share" / "man" / "man1" / "tui-ingest.1"
        say(f"a man page of {len(page.read_text().splitlines())} lines")
        console(installed)
        project(installed)


def console(installed: Installed) -> None:
    """Open the demo in a terminal, read its help, and leave."""
    screen = pyte.Screen(100, 30)
    stream = pyte.ByteStream(screen)
    process = pexpect.spawn(
        str(installed.bin / "tui-ingest"),
        ["--demo"],
        cwd=str(installed.folder),
        env=installed.environment | {"TERM": "xterm-256color"},
        dimensions=(30, 100),
    )

    def until(text: str, *, shown: bool = True) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (text in "\n".join(screen.display)) is not shown:
            if time.monotonic() > deadline or not process.isalive():
                sys.exit(f"waited in vain for {text!r}:\n" + "\n".join(screen.display))
            try:
                stream.feed(process.read_nonblocking(1 << 16, timeout=0.2))
            except pexpect.TIMEOUT:
                continue

    until("polls.question")
    process.send("?")
    until("Help ·")
    process.send("\x1b[C")
    until("Try it in a minute")
    process.send("\x1b")
    until("Help ·", shown=False)
    process.send("q")
    if process.expect([pexpect.EOF, "Leave"], timeout=DEADLINE_SECONDS) == 1:
        process.send("q")  # it asks first where something is left to do
        process.expect(pexpect.EOF, timeout=DEADLINE_SECONDS)
    process.close()
    if process.exitstatus:
        sys.exit(f"the console ended with status {process.exitstatus}")
    say("console: demo, help, guide, end")


def project(installed: Installed) -> None:
    """Begin a project, migrate it, apply a log, ask where that stands, and look at its page."""
    installed.run("django-admin", "startproject", "mysite")
    site = installed.folder / "mysite"
    with (site / "mysite" / "settings.py").open("a") as settings:
        settings.write(SETTINGS)
    for command in (
        ("migrate", "--verbosity", "0"),
        ("makemigrations", "--check", "--dry-run", "tui_ingest"),
        ("ingest_objects", str(installed.folder / "oplog.log"), "--once"),
    ):
        installed.run("python", "manage.py", *command, folder=site)
    status = installed.run("python", "manage.py", "ingest_status", folder=site)
    if "oplog.log" not in status:
        sys.exit(f"the project's status does not name its log:\n{status}")
    page = installed.run("python", "manage.py", "shell", "-c", WEB_PAGE, folder=site)
    if "oplog.log" not in page or "None" in page.splitlines()[-1]:
        sys.exit(f"the project's web page does not name its log, or lacks a file:\n{page}")
    say("project: migrations, a log, its status, its web page")


def say(what: str) -> None:
    sys.stdout.write(f"  {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    archives = [*folder.glob("tui_ingest-*.whl"), *folder.glob("tui_ingest-*.tar.gz")]
    if len(archives) != 2:
        sys.exit(f"{folder} has not one sdist and one wheel: {archives}")
    for archive in archives:
        say(archive.name)
        check(archive.resolve())
