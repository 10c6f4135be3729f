"""What is known of models and of a log, for a person at a terminal and for a program."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator

from tui_ingest.ingest.explaining import LogTimes, ModelExplanation
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe


def as_json(models: Iterable[ModelExplanation], times: LogTimes | None) -> str:
    """Return one object: `models`, a list, and `log`, null without one."""
    log = dataclasses.asdict(times) if times else None
    return json.dumps({"models": [*map(dataclasses.asdict, models)], "log": log}, indent=2)


def as_text(models: Iterable[ModelExplanation], times: LogTimes | None) -> str:
    """Return a paragraph for each model, and one for the log."""
    paragraphs = ["\n".join(_model(one)) for one in models]
    if times:
        paragraphs.append(_times(times))
    return "\n\n".join(paragraphs)


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
