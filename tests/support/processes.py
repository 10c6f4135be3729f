"""Processes of a project that go on while a test looks at what they say."""

import contextlib
import subprocess

from tests.support import forks
from tests.support.engine import eventually
from tests.support.site import clean, watched


@contextlib.contextmanager
def started(site, output, *arguments, **environment):
    """A process of the project that writes to a file, and is gone in the end."""
    environment = clean() | {"DJANGO_SETTINGS_MODULE": "mysite.settings"} | environment
    with output.open("w") as lines:
        process = forks.start(
            list(map(str, arguments)),
            folder=site.folder,
            environment=environment,
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
        )
    with watched(process):
        yield process


def says(output, text):
    try:
        eventually(lambda: text in output.read_text(), what=text)
    except AssertionError as error:
        raise AssertionError(f"{error}, but:\n{output.read_text()}") from None
