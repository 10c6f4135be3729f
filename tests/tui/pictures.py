"""Pictures of the running console, as SVG.

    python -m tests.tui.pictures FOLDER [WIDTHxHEIGHT] [THEME]

Those of README are made by `python -m tests.tui.pictures .github/pictures`. A log is written
while a real session applies it to the embedded project, in a scratch folder.
"""

import asyncio
import html
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path

SECONDS = 8.0  # of traffic before the first picture
ROOT = Path(__file__).parent.parent.parent
TEXT = re.compile(r"(<text [^>]*textLength=\")([\d.]+)(\"[^>]*>)([^<]*)</text>")
FONT = re.compile(r"@font-face \{[^}]*\}\s*")  # fetched from elsewhere; any monospace one will do
FOCUS = ("Which colour is best?", "Tea or coffee?", "Where shall we meet?", "Who wins tonight?")


def lines(rng, number):
    """A moment of traffic: mostly votes, some new questions, now and then a mistake."""
    from tests.support.lines import choice, question

    for _ in range(number):
        now, of = time.time(), rng.randint(1, 40)
        row = rng.randint(1, 400)
        yield rng.choices(
            [
                question(of, rng.choice(FOCUS), at=now),
                choice(row, of=of, text="yes", votes=rng.randint(0, 99), at=now),
                choice(row, of=of, operation="DELETE", at=now),
            ],
            [15, 75, 10],
        )[0]


def mistakes(rng):
    from tests.support.lines import choice, question

    now = time.time()
    yield choice(901, of=77, text="maybe", at=now)
    yield question(41, "Q" * 20, at=now).replace(b'"pub_date": "2023', b'"pub_date": "soon, 2023')
    yield choice(902, of=1, at=now).replace(b'"votes": 0', b'"votes": "many"')
    yield question(42, "New here?", at=now).replace(b"question_text", b"colour")


def write(path, stop):
    """Append to the log as a busy source does."""
    from tests.support.lines import question

    rng = random.Random(7)
    with path.open("ab", buffering=0) as log:
        for number in range(1, 41):
            log.write(question(number, rng.choice(FOCUS), at=time.time()))
        mistake = mistakes(rng)
        while not stop.is_set():
            log.write(b"".join(lines(rng, rng.randint(5, 120))))
            if rng.random() < 0.15:
                log.write(next(mistake, b""))
            time.sleep(0.1)


def without_this_machine(text):
    """An SVG text element without the folder that this project happens to be in."""
    start, length, end, content = text.groups()
    short = content.replace(f"{ROOT}/", "")
    cells = len(html.unescape(content))
    width = float(length) * len(html.unescape(short)) / cells if cells else float(length)
    return f"{start}{width:.1f}{end}{short}</text>"


async def take(folder, size, theme):
    import threading

    from tui_ingest.running.options import IngestOptions
    from tui_ingest.tui.launching import build

    path = Path(tempfile.mkdtemp()) / "oplog.log"
    os.chdir(path.parent)
    stop = threading.Event()
    writer = threading.Thread(target=write, args=(path, stop))
    app = build(IngestOptions(path=path, project="demo project"))
    writer.start()
    async with app.run_test(size=size) as pilot:
        if theme:
            app.theme = theme

        async def picture(name):
            await pilot.pause(0.6)
            svg = app.export_screenshot(title=f"tui-ingest {path.name}")
            svg = FONT.sub("", TEXT.sub(without_this_machine, svg))
            (folder / f"{name}.svg").write_text(svg)

        await pilot.pause(SECONDS)
        await picture("main")
        stop.set()
        await pilot.press("e")
        await picture("frozen")
        await pilot.press("enter")
        await picture("inspector")
        await pilot.press("escape", "d")
        await picture("dead-letters")
        await pilot.press("i")
        await picture("edit")
        await pilot.press("escape", "x")
        await picture("discard")
        await pilot.press("escape", "R")
        await picture("retry")
        await pilot.press("escape", "h")
        await picture("history")
        await pilot.press("escape", "escape", "at")
        await picture("look-at")
        await pilot.press(*"start", "enter")
        await picture("look")
        await pilot.press("escape", "q")
        await picture("leave")
        await pilot.press("escape", "v")
        await picture("events")
        await pilot.press("escape", "space", "question_mark")
        await picture("help")
        await pilot.press("escape", "o", *"@1", "enter")
        await picture("go-to")
    writer.join()


def main():
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    width, height = map(int, (sys.argv[2] if len(sys.argv) > 2 else "120x36").split("x"))
    os.environ["TUI_INGEST_DEMO_DB"] = str(Path(tempfile.mkdtemp()) / "demo.sqlite3")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tui_ingest.demo.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    theme = sys.argv[3] if len(sys.argv) > 3 else ""
    asyncio.run(take(folder, (width, height), theme))


if __name__ == "__main__":
    main()
