"""What makes a shell complete a command's options: a script, printed by the command itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

SHELLS = ("bash", "zsh", "fish", "tcsh")
_FILES = {"LOG", "FILE"}  # metavars of what is completed by the names of files
_FOLDERS = {"DIR"}


def add_completion(parser: argparse.ArgumentParser) -> None:
    """Add the option that prints the script."""
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        help="print a script by which a shell completes this command, and end",
    )


class _PrintCompletion(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002  # argparse's signature
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002
    ) -> NoReturn:
        import shtab  # which --help does without

        for action in _actions(parser):
            if action.metavar in _FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.metavar in _FOLDERS:
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        script = shtab.complete(parser, shell=str(values))
        # To zsh, what shtab writes of several arguments is one that takes no other beside it.
        script = script.replace('"(*)::', '"*:').replace("one_or_more='(*)'", "one_or_more='*:'")
        sys.stdout.write(f"{script}\n")
        parser.exit()


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)
