"""Django's own options, for the part of a command line that follows an action."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser


def take_django_options(action: ArgumentParser) -> None:
    """Let an action take what Django lets only the command itself take.

    What is not given after the action leaves what was given before it.
    """
    action.add_argument(
        "-v", "--verbosity", type=int, choices=range(4), default=SUPPRESS, help=SUPPRESS
    )
    for name in ("--settings", "--pythonpath"):
        action.add_argument(name, default=SUPPRESS, help=SUPPRESS)
    for name in ("--traceback", "--no-color", "--force-color", "--skip-checks"):
        action.add_argument(name, action="store_true", default=SUPPRESS, help=SUPPRESS)
