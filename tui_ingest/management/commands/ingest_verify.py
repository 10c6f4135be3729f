"""`manage.py ingest_verify [app.model …]`: whether the rows here are the source's."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tui_ingest.ingest import verdicts
from tui_ingest.ingest.events import Verified, VerifiedState
from tui_ingest.ingest.target import Target
from tui_ingest.management.targets import TargetCommand, known_log
from tui_ingest.models import DifferingRow, ProcessedFile
from tui_ingest.running.exit_status import USAGE
from tui_ingest.running.options import log_path
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

_SHOWN = 20  # keys of a kind, and of a command that can be pasted
_MANAGE = "python manage.py"
_KINDS = {
    DifferingRow.Kind.ONLY_SOURCE: "only at the source",
    DifferingRow.Kind.DIFFERENT: "different",
    DifferingRow.Kind.ONLY_HERE: "only here",
}
_RESENT = (DifferingRow.Kind.ONLY_SOURCE, DifferingRow.Kind.DIFFERENT)


@dataclass(frozen=True, kw_only=True)
class _ModelVerdict:
    """A verdict of one log about one model."""

    path: str  # of the log
    label: str
    verdict: Verified
    rows: Sequence[DifferingRow]  # those that are known to differ

    def keys(self, *kinds: str) -> list[str]:
        """Return the keys of the rows that differ in some ways."""
        return [row.key for row in self.rows if row.kind in kinds]


class Command(TargetCommand):
    help = (
        "Show what the DIGESTs of the logs have said of each model, which rows differ, and how to"
        " put them right. Exit status: 0, 1 if rows differ, 2 for a mistake in the arguments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the models to show, or none for all."""
        parser.add_argument("models", metavar="app.model", nargs="*", help="default: all")
        parser.add_argument("--file", metavar="LOG", type=log_path, help="of this log only")
        form = parser.add_mutually_exclusive_group()
        form.add_argument(
            "--keys",
            action="store_true",
            help="only the keys that a resend repairs, one a line, for record_changes --keys",
        )
        form.add_argument("--json", action="store_true", help="for programs")
        self.add_database(parser)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Print the verdicts; 1 if rows differ.

        Raises:
            CommandError: there is none.
        """
        found = [*_found(target, options)]
        if not found:
            raise CommandError(
                "No DIGEST was read. At the source: python manage.py record_changes --verify",
                returncode=USAGE,
            )
        if options["keys"] and len(found) != 1:
            raise CommandError("--keys is for one model of one log: name it.", returncode=USAGE)
        several = len({one.path for one in found}) > 1
        if options["json"]:
            lines = [json.dumps([_as_dict(one) for one in found], indent=2)]
        elif options["keys"]:
            lines = found[0].keys(*_RESENT)
        else:
            lines = [line for one in found for line in _described(one, with_path=several)]
        for line in lines:
            self.stdout.write(line)
        return int(any(one.verdict.state is VerifiedState.DIFFERS for one in found))


def _found(target: Target, options: dict[str, Any]) -> Iterator[_ModelVerdict]:
    if options["file"]:
        files: Iterable[ProcessedFile] = [known_log(target, options["file"])]
    else:
        files = target.rows(ProcessedFile).order_by("file_path")
    wanted = {label.lower() for label in options["models"]}
    for file in files:
        for label, verdict in verdicts.load(target, file).items():
            if not wanted or label in wanted:
                rows = [*verdicts.differing_rows(target, file, label)]
                yield _ModelVerdict(path=file.file_path, label=label, verdict=verdict, rows=rows)


def _as_dict(found: _ModelVerdict) -> dict[str, Any]:
    return {
        "log": found.path,
        "model": found.label,
        **verdicts.as_dict(found.verdict),
        "differing_rows": [{"kind": row.kind, "key": row.key} for row in found.rows],
    }


def _described(found: _ModelVerdict, *, with_path: bool) -> Iterator[str]:
    """Yield a verdict, the rows that differ, and the commands that help."""
    if with_path:
        yield terminal_safe(found.path)
    verdict = found.verdict
    reason = verdict.reason or f"{plural(verdict.rows, 'row')}."
    yield f"{found.label}: {verdict.state}. {terminal_safe(reason)}"
    for kind, words in _KINDS.items():
        if keys := found.keys(kind):
            yield f"  {words}: {_listed(keys)}"
    if verdict.state is VerifiedState.DIFFERS:
        yield from _help(found)


def _listed(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


def _help(found: _ModelVerdict) -> Iterator[str]:
    label = found.label
    if not found.rows:
        yield "  To have the rows named, at the source:"
        yield f"    {_MANAGE} record_changes --verify {label} --rows"
        return
    if keys := found.keys(*_RESENT):
        yield from _resend(label, keys)
    if found.keys(DifferingRow.Kind.ONLY_HERE):
        yield "  What is only here is yours to delete, or to keep."
    yield "  To prove it afterwards, at the source:"
    yield f"    {_MANAGE} record_changes --verify {label}"


def _resend(label: str, keys: Sequence[str]) -> Iterator[str]:
    resend = f"{_MANAGE} record_changes --resend {label} --keys"
    if len(keys) <= _SHOWN:
        yield "  To repair it, at the source:"
        yield f"    printf '%s\\n' {shlex.join(keys)} | {resend} -"
        return
    yield "  To repair it, here, and then at the source:"
    yield f"    {_MANAGE} ingest_verify {label} --keys > keys.txt"
    yield f"    {resend} keys.txt"
