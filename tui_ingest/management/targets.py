"""The database that a command is about, and the logs that were read into it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from tui_ingest.errors import TuiIngestError
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.addresses import name_of
from tui_ingest.oplog.log import LogError
from tui_ingest.running.exit_status import FATAL, USAGE, BootstrapError
from tui_ingest.running.verification import verify


class TargetCommand(BaseCommand):
    """Does something with a database, once project and database are found fit for it.

    Attributes:
        mistakes: errors that are found out in the engine, and are mistakes in the arguments.
        then: what is true, or to be done, where the database cannot be used now.
        waiting: a context that limits how long statements wait.
    """

    mistakes: tuple[type[TuiIngestError], ...] = ()
    then = "Try again."
    waiting: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Do it, and return the exit status."""
        raise NotImplementedError

    def add_database(self, parser: CommandParser) -> None:
        """Take which database."""
        parser.add_argument(
            "--database", metavar="ALIAS", default="default", help="where the checkpoints are"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Verify the project, and act.

        Raises:
            CommandError: what is wrong with the arguments, the project, the database or the log.
            SystemExit: what `act` returned, if that is not 0.
        """
        database = options["database"]
        try:
            with self.waiting():
                verify(database=database, settings="this project")
                status = self.act(Target(database), options)
            self.stdout.flush()
        except BootstrapError as error:
            raise CommandError(str(error), returncode=error.status) from error
        except self.mistakes as error:
            raise CommandError(str(error), returncode=USAGE) from error
        except LogError as error:
            raise CommandError(str(error)) from error
        except BrokenPipeError:  # `| head`: what would still be printed is not wanted any more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FATAL)
        except Error as error:
            raise CommandError(
                f"Database '{database}' cannot be used now: {error}. {self.then}"
            ) from error
        if status:
            sys.exit(status)


def known_log(target: Target, log: str | os.PathLike[str]) -> ProcessedFile:
    """Return what is kept of a log.

    Raises:
        CommandError: nothing is: it is another one's name, or another database's log.
    """
    file = target.rows(ProcessedFile).filter(file_path=name_of(log)).first()
    if file is None:
        raise CommandError(
            f"No session has read {log} into database '{target.database}'. ingest_status without"
            " a log shows every one that was read.",
            returncode=USAGE,
        )
    return file
