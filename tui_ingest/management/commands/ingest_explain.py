"""`manage.py ingest_explain [app.Model …]`: what a session would do with each model, and why."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tui_ingest.ingest.explaining import LogTimes, ModelExplanation, explain, times_of
from tui_ingest.ingest.target import Target
from tui_ingest.management.targets import TargetCommand
from tui_ingest.opening import open_log
from tui_ingest.running.exit_status import USAGE
from tui_ingest.running.options import log_path
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe


class Command(TargetCommand):
    help = (
        "Show for every model that a log may write: its identity, its path and why, which receivers"
        " are called and which are not, triggers, fields that a log changes, and references to"
        " models that may not be written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the models to explain, or none for all."""
        parser.add_argument("models", metavar="app.Model", nargs="*", help="default: all")
        parser.add_argument(
            "--log", metavar="LOG", type=log_path, help="also say how exact its times are"
        )
        parser.add_argument("--json", action="store_true", help="for programs")
        self.add_database(parser)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Print the explanations.

        Raises:
            CommandError: no model is meant.
        """
        found = explain(target, options["models"])
        times = None
        if options["log"] is not None:
            with closing(open_log(options["log"], target.settings)) as log:
                times = times_of(log)
        if not found:
            raise CommandError(
                "No such model may be written from a log: see TUI_INGEST['MODELS'] and"
                " ['EXCLUDE'].",
                returncode=USAGE,
            )
        if options["json"]:
            log_times = dataclasses.asdict(times) if times else None
            told = {"models": [*map(dataclasses.asdict, found)], "log": log_times}
            self.stdout.write(json.dumps(told, indent=2))
        else:
            paragraphs = ["\n".join(_model(one)) for one in found]
            self.stdout.write("\n\n".join(paragraphs + ([_times(times)] if times else [])))
        return 0


def _model(one: ModelExplanation) -> Iterator[str]:
    yield one.model
    yield f"  identity: {one.identity}"
    yield f"  path: {one.path}"
    changed = [f"{name}: {why}" for name, why in one.changed_fields.items()]
    for name, values in (
        ("exact", one.detours),
        ("receiver called", one.called),
        ("receiver silent", one.silent),
        ("trigger", one.triggers),
        ("changes in a log", changed),
        ("refers to what may not be written", one.refers_outside),
    ):
        for value in values:
            yield f"  {name}: {terminal_safe(value)}"


def _times(times: LogTimes) -> str:
    looked = f"The first {plural(times.records, 'record')} of the log"
    if times.milliseconds_only is None:
        return f"{looked} have too few times to tell how exact they are."
    if times.milliseconds_only:
        return (
            f"{looked} have times with milliseconds only, as Django's stock JSON encoder writes"
            " them: what the source has below that is lost."
        )
    return f"{looked} have times with microseconds."
