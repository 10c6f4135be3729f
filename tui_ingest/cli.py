"""The command `tui-ingest`: options in, one session, exit status out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from tui_ingest import __version__
from tui_ingest.completion import add_completion
from tui_ingest.running.exit_status import INTERRUPTED, USAGE, BootstrapError
from tui_ingest.running.options import (
    add_arguments,
    conflict,
    conflict_without_log,
    from_namespace,
)

DESCRIPTION = """\
Apply the operation log of one Django project to another, in a console from
which the work can be watched, paused and repaired, or without one (--headless).
"""

EPILOG = """\
Examples:
  tui-ingest --demo                               look at it, without a project
  tui-ingest /var/log/shop/oplog.log              the console
  tui-ingest oplog.log --paused --on-error stop   record by record
  tui-ingest oplog.log --dry-run                  what would happen
  tui-ingest oplog.log --headless                 a service
  tui-ingest 'sites/*/oplog.log' --headless       one for many logs
  tui-ingest oplog.log --headless --once --from-time 2023-11-28T12:00
  tui-ingest nats://broker/OPLOG/oplog.site-a     a stream

The project is the one of --settings, else of DJANGO_SETTINGS_MODULE, else of
the manage.py in this folder or one above it, else an embedded demo, whose
database TUI_INGEST_DEMO_DB names.

Exit status: 0 everything was applied, or a signal ended the session after its
running batch; 1 it could not go on; 2 usage; 3 it finished, but set records
aside as dead letters. A second Ctrl+C ends a headless session at once, and the
running batch is undone.
"""

# Options that the demo's own traffic answers for itself.
_NOT_WITH_DEMO = (
    "logs",
    "settings",
    "pythonpath",
    "once",
    "from_start",
    "from_position",
    "from_time",
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line: the usage would bury it."""
        self.exit(USAGE, f"{self.prog}: {message}. See {self.prog} --help.\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Raises:
        SystemExit: --help, --version, wrong usage and an unfit project, as argparse does.
    """
    parser = _parser()
    namespace = parser.parse_args(argv)
    problem = _conflict(namespace)
    if problem:
        parser.error(problem)
    try:
        with _demo_traffic(wanted=namespace.demo) as log:
            if log is not None:
                namespace.logs = [log]
            return _run(namespace)
    except BootstrapError as error:
        parser.exit(error.status, f"{parser.prog}: {error}\n")
    except KeyboardInterrupt:  # before the session could take it as an order
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tui-ingest",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_arguments(parser, log_required=False)
    project = parser.add_argument_group("project")
    project.add_argument("--settings", metavar="MODULE", help="the settings module to use")
    project.add_argument("--pythonpath", metavar="DIR", help="a folder to import the project from")
    project.add_argument(
        "--demo",
        action="store_true",
        help="watch an embedded project at work: live traffic, rotation and a few bad records,"
        " all in a scratch folder",
    )
    add_completion(parser)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def _conflict(namespace: argparse.Namespace) -> str:
    if namespace.demo:
        for name in _NOT_WITH_DEMO:
            value = getattr(namespace, name)
            if value is not None and value is not False and value != []:  # 0 is a position
                option = "LOG" if name == "logs" else f"--{name.replace('_', '-')}"
                return f"{option} makes no sense with --demo, which writes a log of its own"
    elif not namespace.logs and (problem := conflict_without_log(namespace)):
        return f"{problem}, or use --demo"
    return conflict(namespace)


def _demo_traffic(*, wanted: bool) -> AbstractContextManager[Path | None]:
    if not wanted:
        return nullcontext()
    from tui_ingest.demo.traffic import live_traffic

    return live_traffic()


def _run(namespace: argparse.Namespace) -> int:
    from tui_ingest.running.bootstrap import DEMO_SETTINGS, set_up
    from tui_ingest.running.verification import verify_logs

    label = set_up(
        settings=DEMO_SETTINGS if namespace.demo else namespace.settings,
        pythonpath=namespace.pythonpath,
        database=namespace.database,
    )
    verify_logs(namespace.logs, once=namespace.once, database=namespace.database)
    project = f"{label}, live traffic" if namespace.demo else label
    return run_session(namespace, project)


def run_session(namespace: argparse.Namespace, project: str) -> int:
    """Run the session that was asked for, with or without a console; return the exit status.

    Args:
        project: what the operator knows the project by.
    """
    options = replace(from_namespace(namespace), project=project)
    if namespace.headless:
        from tui_ingest import headless

        return headless.run(options)
    from tui_ingest import tui

    return tui.run(options)
