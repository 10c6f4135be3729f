"""A throw-away Django project in a folder of its own, used as its owner would use it."""

import os
import subprocess
from contextlib import contextmanager

from tests.support import forks
from tests.support.patience import DEADLINE_SECONDS

MANAGE_PY = """\
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""

SETTINGS = """\
from pathlib import Path

BASE_DIR = Path(__file__).parent.parent
SECRET_KEY = "throw-away"
INSTALLED_APPS = ["tui_ingest", "tui_ingest.demo.polls"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "site.sqlite3",
        "OPTIONS": {"timeout": 60, "init_command": "PRAGMA synchronous = OFF"},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""


class Site:
    """A project `mysite` with a manage.py, and what its owner types."""

    def __init__(self, folder, settings=SETTINGS):
        """Make the project, unless the folder has one already."""
        self.folder = folder
        self.settings = folder / "mysite" / "settings.py"
        if self.settings.exists():
            return
        self.settings.parent.mkdir(parents=True)
        (folder / "mysite" / "__init__.py").touch()
        (folder / "manage.py").write_text(MANAGE_PY)
        self.settings.write_text(settings)

    def add_settings(self, text):
        with self.settings.open("a") as settings:
            settings.write(text)

    def tui_ingest(self, *arguments, folder=None, **environment):
        """Run `tui-ingest` without a terminal, in the project's folder or another one."""
        return run("-m", "tui_ingest", *arguments, folder=folder or self.folder, **environment)

    def manage(self, *arguments, **environment):
        """Run `python manage.py`."""
        return run("manage.py", *arguments, folder=self.folder, **environment)

    def start(self, *arguments, **environment):
        """Start Python in the project's folder."""
        return start(*arguments, folder=self.folder, **environment)

    def migrate(self, *arguments):
        migrated = self.manage("migrate", *arguments)
        assert migrated.returncode == 0, migrated.stderr

    def shell(self, code, **environment):
        """Run Python code with the project set up; what it prints."""
        done = self.manage("shell", "--no-imports", "-c", code, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout


def clean():
    """This process's environment without the settings module of the tests."""
    return {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}


def start(*arguments, folder, stdin=False, **environment):
    """Start Python in a folder, without a terminal and without settings in the environment."""
    return forks.start(
        list(map(str, arguments)),
        folder=folder,
        environment=clean() | environment,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def watched(process):
    """Enter a process; it is killed if a test gives up on it."""
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def run(*arguments, folder, **environment):
    """Run Python to its end, likewise; the finished process with its output."""
    return finished(start(*arguments, folder=folder, **environment))


def finished(process):
    """The process at its end, with its output."""
    with watched(process):
        output, errors = process.communicate(timeout=DEADLINE_SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
