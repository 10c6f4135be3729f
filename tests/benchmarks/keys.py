"""`python -m tests.benchmarks.keys [--smoke]`: how soon each key is answered, at 200x50.

From the press until the terminal shows what the key brings; on the main screen, and on those that
are opened from it, at rest and while a backlog is applied. The machine may be busy: the last
columns are the processor time that the console's drawing thread took meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import polls_log
from tests.benchmarks.console import LARGE, Screen, opened
from tests.benchmarks.targets import Sqlite

RECORDS = 2_000_000  # that keep it busy meanwhile
FEW_RECORDS = 2_000
ROUNDS = 5
SETTLE_SECONDS = 0.3  # between two keys, as a quick person has it


class Press(NamedTuple):
    """A key, and what it brings."""

    name: str
    sent: str
    text: str  # that the key brings, or takes away
    is_shown: bool = True
    at_once: bool = False  # while the screen may still be at work for the key before


MAIN = "space Pause"  # in the last line of the main screen, while the session is at work
HELP = "turn pages"
ESCAPE, RIGHT, PAGE_DOWN, END = "\x1b", "\x1b[C", "\x1b[6~", "\x1b[F"
PRESSES = (
    Press("f: freeze", "f", "FROZEN"),
    Press("f: follow", "f", "following"),
    Press("/: filter", "/", "reason:  time:"),
    Press("esc: no filter", ESCAPE, "reason:  time:", is_shown=False),
    Press("s: sort", "s", "saved▾"),
    Press("S: sort backwards", "S", "saved▴"),
    *(
        Press("s: sort", "s", f"{column}▾")
        for column in ("deleted", "failed", "missing", "skipped")
    ),
    Press("s: sort", "s", "model▴"),
    Press("t: session", "t", "Models · session"),
    Press("t: lifetime", "t", "Models · lifetime"),
    Press("m: maximise", "m", "model▴", is_shown=False),
    Press("m: back", "m", "model▴"),
    Press("?: help", "?", HELP),
    Press("right: first page of the guide", RIGHT, "applies the operation log"),
    Press("right: its longest page", RIGHT, "Here are five situations"),
    Press("page down there", PAGE_DOWN, "Here are five situations", is_shown=False),
    Press("end there", END, "forgets all of it"),
    Press("right: another page", RIGHT, "One dict in the target's settings"),
    Press("esc: from a page at once", ESCAPE, HELP, is_shown=False, at_once=True),
    Press("?: help", "?", HELP),
    Press("esc: from help at once", ESCAPE, HELP, is_shown=False, at_once=True),
    Press("?: help", "?", HELP),
    Press("esc: from help", ESCAPE, HELP, is_shown=False),
    Press("^p: palette", "\x10", "Search for commands"),
    Press("esc: from the palette", ESCAPE, "Search for commands", is_shown=False),
    Press("e: next error", "e", "FROZEN"),
    Press("enter: inspect", "\r", "in the record"),
    Press("esc: from the inspector", ESCAPE, MAIN),
    Press("f: follow", "f", "following"),
    Press("v: events", "v", "what                  message"),
    Press("esc: from events", ESCAPE, MAIN),
    Press("F: find records", "F", "fate        record"),
    Press("esc: from finding", ESCAPE, MAIN),
    Press("d: dead letters", "d", "─ Dead letters"),
    Press("their causes, looked up", "", "letters  reason", at_once=True),
    Press("?: help there", "?", HELP),
    Press("esc: from help there", ESCAPE, HELP, is_shown=False),
    Press("esc: from dead letters", ESCAPE, MAIN),
    Press("space: pause", " ", "space Resume"),
    Press("o: go to", "o", "Continue from"),
    Press("esc: from going to", ESCAPE, "Continue from", is_shown=False),
    Press("space: resume", " ", MAIN),
)
# While a log of bad records is applied, the session would stop.
AT_REST = (
    Press("b: stop on error", "b", "stop on error"),
    Press("b: go on", "b", "stop on error", is_shown=False),
)


class Answer(NamedTuple):
    """How long a key has taken, in milliseconds."""

    whole: float
    drawing: float  # of that, processor time of the thread that draws


def main() -> None:
    namespace = _parse()
    rounds = 1 if namespace.smoke else namespace.rounds
    few, many = (FEW_RECORDS, 400_000 if namespace.smoke else RECORDS)
    with tempfile.TemporaryDirectory(prefix="tui-ingest-keys-") as name:
        folder = Path(name)
        for title, records in (("at rest", few), ("while a backlog is applied", many)):
            log = polls_log.write(folder / f"{records}.log", records, poison=True)
            answers = _answers(log, Sqlite(folder), rounds, is_idle=records == few)
            sys.stdout.writelines(f"{line}\n" for line in _table(title, answers))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.keys", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of all keys")
    parser.add_argument("--smoke", action="store_true", help="see that it works")
    return parser.parse_args()


def _answers(log: Path, target: Sqlite, rounds: int, *, is_idle: bool) -> dict[str, list[Answer]]:
    width, height = LARGE
    answers: dict[str, list[Answer]] = {}
    with opened(log, target, width=width, height=height) as screen:
        screen.until("CAUGHT UP" if is_idle else MAIN)
        for _ in range(rounds):
            for press in (*PRESSES, *(AT_REST if is_idle else ())):
                if not press.at_once:
                    screen.rest(SETTLE_SECONDS)
                answers.setdefault(press.name, []).append(_answer(screen, press))
        if not is_idle and target.position() >= log.stat().st_size:
            raise RuntimeError("The backlog was applied before the keys were pressed.")
    target.drop()
    return answers


def _answer(screen: Screen, press: Press) -> Answer:
    drawn, started = _drawn(screen), time.perf_counter()
    screen.process.send(press.sent)
    whole = screen.until(press.text, shown=press.is_shown) - started
    return Answer(whole * 1e3, (_drawn(screen) - drawn) * 1e3)


def _drawn(screen: Screen) -> float:
    """Return the seconds of processor time that the console's drawing thread has taken."""
    pid = screen.process.pid
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


def _table(title: str, answers: dict[str, list[Answer]]) -> Iterator[str]:
    yield f"| ms, {title} | median | p99 | drawing: median | p99 |"
    yield "|---|---:|---:|---:|---:|"
    every = [answer for found in answers.values() for answer in found]
    for name, found in (*answers.items(), ("**all**", every)):
        whole = _spread(answer.whole for answer in found)
        own = _spread(answer.drawing for answer in found)
        yield f"| {name} | {whole} | {own} |"
    yield ""


def _spread(values: Iterable[float]) -> str:
    ordered = sorted(values)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    return f"{statistics.median(ordered):.0f} | {p99:.0f}"


if __name__ == "__main__":
    main()
