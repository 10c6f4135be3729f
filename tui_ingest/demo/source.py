"""The process behind `--demo`: changes polls, and records them, until its standard input ends."""

from __future__ import annotations

import os
import random
import select
import shutil
import sys

STORY_SEED = 4  # the same story for everybody who watches


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
