"""How many modules a journey through the package enters, and how often it moves between them.

    python .ci/journeys.py [--list]

To follow what happens one has to read them, so this is what a change of the structure is judged by.
Some have nothing but values, names and calls that are passed on: those that decide are counted too,
in which a function that is entered has a branch. `--list` names the functions.
Each journey is made several times, on the embedded project; only modules that it enters most times
count, for whatever a timer does meanwhile is no part of it.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import inspect
import itertools
import json
import os
import signal
import sqlite3
import statistics
import sys
import tempfile
import textwrap
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout, suppress
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

PACKAGE = "tui_ingest"
TIMES = 7
RECORDS = 200  # of a good batch
DEADLINE_SECONDS = 30.0
FOLLOWED_SECONDS = 0.1  # until what follows from what was committed is done
DRAWN_SECONDS = 0.5  # and until the screen shows it
SESSION = f"{PACKAGE}.ingest.session.loop"  # its thread goes on while somebody repairs

Way = list[tuple[str, CodeType]]  # where a thread was, in order: a module, and what of it ran


class Journey:
    """One that is made several times."""

    def __init__(self, name: str, *, without_session: bool = False) -> None:
        self.name = name
        self._without_session = without_session
        self._modules: Counter[str] = Counter()  # how often each was entered
        self._codes: Counter[tuple[str, CodeType]] = Counter()  # the same of their functions
        self._moves: list[int] = []

    @property
    def modules(self) -> list[str]:
        """Those that are entered most times."""
        return sorted(name for name, times in self._modules.items() if 2 * times > TIMES)

    @property
    def deciding(self) -> dict[str, set[str]]:
        """Those of them that decide something, with the functions that do."""
        found = defaultdict(set)
        for (module, code), times in self._codes.items():
            if 2 * times > TIMES and _has_branch(code):
                found[module].add(code.co_qualname)
        return found

    @property
    def moves(self) -> int:
        """From one module to another, as a rule."""
        return round(statistics.median(self._moves))

    def add(self, ways: Iterable[Way]) -> None:
        """Have it made once more, by some threads: where each of them was, in order."""
        moves = 0
        modules, codes = set(), set()
        for way in ways:
            stays = [module for module, _ in itertools.groupby(name for name, _ in way)]
            if not (self._without_session and SESSION in stays):
                modules.update(stays)
                codes.update(way)
                moves += len(stays) - 1
        self._modules.update(modules)
        self._codes.update(codes)
        self._moves.append(moves)


class Guide:
    """Sees in which module this thread is, and every thread that is started from now on."""

    def __init__(self) -> None:
        self._ways: dict[int, Way] | None = None  # by thread, while a journey is made
        threading.setprofile(self._look)
        sys.setprofile(self._look)

    @contextmanager
    def along(self, journey: Journey) -> Iterator[None]:
        """Make a journey."""
        ways = self._ways = defaultdict(list)
        try:
            yield
        finally:
            self._ways = None
        journey.add(ways.values())

    def _look(self, frame: FrameType, event: str, _: Any) -> None:
        ways = self._ways
        if ways is None or event not in {"call", "return"}:
            return
        now = frame if event == "call" else frame.f_back
        name = now.f_globals.get("__name__", "") if now is not None else ""
        if now is None or not name.startswith(PACKAGE):
            return
        way = ways[threading.get_ident()]
        if not way or way[-1] != (name, now.f_code):
            way.append((name, now.f_code))


class Stage:
    """A log of polls, and the demo's database."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "oplog.log"
        self.log.touch()
        self._database = folder / "target.sqlite3"
        self._numbers = itertools.count(1)

    def write_batch(self) -> None:
        """Have questions and their choices written."""
        lines: list[bytes] = []
        for _ in range(RECORDS // 2):
            question = str(uuid.uuid4())
            lines += _question(next(self._numbers), question), self._choice_of(question)
        self._append(b"".join(lines))

    def write_orphan(self) -> str:
        """Have a choice written whose question is not there; the question's id."""
        question = str(uuid.uuid4())
        self._append(self._choice_of(question))
        return question

    def make_question(self, key: str) -> None:
        """Bring the row that a choice waits for, as something else would."""
        statement = (
            "INSERT INTO polls_question (id, question_text, pub_date) VALUES (?, 'Late?', ?)"
        )
        with self._connected() as connection:
            connection.execute(statement, (uuid.UUID(key).hex, "2023-10-27 08:31:40"))

    def is_applied(self) -> bool:
        """Tell whether the checkpoint is at the log's end."""
        statement = "SELECT max(last_processed_position) FROM tui_ingest_processedfile"
        return self._asked(statement) == self.log.stat().st_size

    def discard(self) -> None:
        """Have no dead letter open."""
        with self._connected() as connection:
            connection.execute("UPDATE tui_ingest_deadletter SET status = 'discarded'")

    def is_repaired(self) -> bool:
        """Tell whether no dead letter is open."""
        statement = "SELECT count(*) FROM tui_ingest_deadletter WHERE status = 'open'"
        return self._asked(statement) == 0

    def _choice_of(self, question: str) -> bytes:
        fields = {"id": str(uuid.uuid4()), "question": question, "choice_text": "sky", "votes": 1}
        return _line("polls.choice", next(self._numbers), fields)

    def _append(self, content: bytes) -> None:
        with self.log.open("ab") as log:
            log.write(content)

    def _asked(self, statement: str) -> Any:
        with self._connected() as connection:
            return connection.execute(statement).fetchone()[0]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._database, timeout=DEADLINE_SECONDS)
        try:
            with connection:
                yield connection
        finally:
            connection.close()


def main() -> None:
    """Make all of them, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="name the modules, too")
    listed = parser.parse_args().list
    with tempfile.TemporaryDirectory(prefix="tui-ingest-journeys-") as name:
        stage = _stage(Path(name))
        guide = Guide()
        journeys = [*_headless(stage, guide), *asyncio.run(_in_console(stage, guide))]
    sys.stdout.write("| journey | modules | of these decide | moves |\n|---|---:|---:|---:|\n")
    for journey in journeys:
        modules, deciding = journey.modules, journey.deciding
        figures = f"{len(modules)} | {len(deciding)} | {journey.moves:,}"
        sys.stdout.write(f"| {journey.name} | {figures} |\n")
        for module in modules if listed else ():
            name, functions = module.removeprefix(f"{PACKAGE}."), sorted(deciding.get(module, ()))
            sys.stdout.write(f"|     {name} | | {', '.join(functions)} | |\n")


def _has_branch(code: CodeType) -> bool:
    with suppress(OSError, SyntaxError):  # a comprehension stands in the middle of something
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
        branches = (ast.If, ast.IfExp, ast.Match, ast.While)
        return any(isinstance(node, branches) for node in ast.walk(tree))
    return False


def _stage(folder: Path) -> Stage:
    os.environ["TUI_INGEST_DEMO_DB"] = str(folder / "target.sqlite3")
    os.environ["XDG_STATE_HOME"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tui_ingest.demo.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    return Stage(folder)


def _headless(stage: Stage, guide: Guide) -> list[Journey]:
    """Make those of a session that writes to a pipe."""
    from tui_ingest import headless
    from tui_ingest.running.options import IngestOptions

    good, bad = Journey("a good batch, headless"), Journey("a missing parent, headless")

    def drive(journey: Journey, write: Callable[[], object]) -> None:
        try:
            stage.write_batch()  # what is done once only, is done with these
            _wait(stage.is_applied)
            for _ in range(TIMES):
                with guide.along(journey):
                    write()
                    _wait(stage.is_applied)
                    time.sleep(FOLLOWED_SECONDS)
                time.sleep(DRAWN_SECONDS)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    for journey, write in (good, stage.write_batch), (bad, stage.write_orphan):
        driver = threading.Thread(target=drive, args=(journey, write))
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            driver.start()
            headless.run(IngestOptions(path=stage.log, project="polls"))
            driver.join()
    return [good, bad]


async def _in_console(stage: Stage, guide: Guide) -> list[Journey]:
    """Make those that somebody watches."""
    from tui_ingest.running.options import IngestOptions
    from tui_ingest.tui.launching import build

    good = Journey("a good batch, in the console")
    repair = Journey("r on a dead letter", without_session=True)
    stage.discard()  # those of the other journeys
    for journey in good, repair:
        app = build(IngestOptions(path=stage.log, project="polls"))
        async with app.run_test(size=(120, 40)) as pilot:
            await _see(stage.is_applied)
            for _ in range(TIMES):
                if journey is repair:
                    await _repair(stage, guide.along(journey), pilot.press)
                    continue
                with guide.along(journey):
                    stage.write_batch()
                    await _see(stage.is_applied)
            app.view.stop()
            await _see(app.view.session_over.is_set)
    return [good, repair]


async def _repair(
    stage: Stage, along: AbstractContextManager[None], press: Callable[..., Any]
) -> None:
    question = stage.write_orphan()
    await _see(stage.is_applied)
    await press("space")  # or the session may see first that the row is there
    await asyncio.sleep(DRAWN_SECONDS)
    await press("d")
    await asyncio.sleep(DRAWN_SECONDS)
    stage.make_question(question)
    with along:
        await press("r")
        await asyncio.to_thread(_wait, stage.is_repaired)
    await asyncio.sleep(DRAWN_SECONDS)
    await press("escape")
    await press("space")


async def _see(is_so: Callable[[], bool]) -> None:
    """Wait for something, and until the screen shows it."""
    await asyncio.to_thread(_wait, is_so)
    await asyncio.sleep(DRAWN_SECONDS)


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def _question(number: int, key: str) -> bytes:
    fields = {"id": key, "question_text": "What's new?", "pub_date": "2023-10-27T08:31:40Z"}
    return _line("polls.question", number, fields)


def _line(model: str, number: int, fields: dict[str, Any]) -> bytes:
    objects = [{"model": model, "pk": number, "fields": fields}]
    return f"{1698395500 + number}.5 SAVE {json.dumps(objects)}\n".encode()


if __name__ == "__main__":
    main()
