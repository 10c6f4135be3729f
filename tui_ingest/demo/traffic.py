"""Live traffic for `--demo`: a source project in a process of its own, in a scratch folder.

    python -m tui_ingest.demo.traffic FOLDER

is that process: it changes polls, and records them, until its standard input ends.
"""

from __future__ import annotations

import os
import random
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STORY_SEED = 4  # the same story for everybody who watches
END_SECONDS = 5.0  # for the source to leave by itself


@contextmanager
def live_traffic() -> Iterator[Path]:
    """Yield the path of a log that a source is about to write; nothing of it stays behind.

    The demo's own database moves into the scratch folder, too. Enter before Django is set up.
    """
    from tui_ingest.demo.source_settings import LOG_NAME

    scratch = tempfile.TemporaryDirectory(prefix="tui-ingest-demo-", ignore_cleanup_errors=True)
    with scratch as folder, _source(folder):
        os.environ["TUI_INGEST_DEMO_DB"] = str(Path(folder, "target.sqlite3"))
        yield Path(folder, LOG_NAME)


@contextmanager
def _source(folder: str) -> Iterator[None]:
    # The end of its standard input is what ends the source, even if this process is killed.
    # A session of its own keeps the terminal's Ctrl+C away from it.
    with subprocess.Popen(  # noqa: S603  # our own module
        [sys.executable, "-m", "tui_ingest.demo.traffic", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as source:
        try:
            yield
        finally:
            _end(source)


def _end(source: subprocess.Popen[bytes]) -> None:
    ended_by_itself = source.poll() is not None
    try:
        _, errors = source.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        source.kill()
        return
    if ended_by_itself:
        last_line = errors.decode(errors="replace").strip().rpartition("\n")[2]
        sys.stderr.write(f"tui-ingest: the demo's source ended early: {last_line}\n")


def main(folder: str) -> None:
    """Write a log into `folder`, and remove the folder at the end."""
    os.environ["TUI_INGEST_DEMO_SOURCE"] = folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "tui_ingest.demo.source_settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    from tui_ingest.demo.story import tell
    from tui_ingest.recorder.conf import get_settings
    from tui_ingest.recorder.relaying.relay import Relay

    relay = Relay(get_settings(), "default")
    for pause in tell(random.Random(STORY_SEED)):  # noqa: S311  # a story, no secret
        relay.catch_up()
        if _has_ended(pause):
            break
    relay.close()
    shutil.rmtree(folder, ignore_errors=True)


def _has_ended(seconds: float) -> bool:
    """Wait, and tell whether whoever started this process is gone."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable)


if __name__ == "__main__":
    main(sys.argv[1])
