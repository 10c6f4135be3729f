"""What is sent to a terminal, and what it shows then; how much is under way to it."""

import random

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from tests.support.examples import examples
from tui_ingest.tui.terminal.driver import AT_LEAST, AT_MOST, Pace
from tui_ingest.tui.terminal.image import TerminalImage

WIDTH, HEIGHT = 40, 6
STYLES = [
    None,
    Style.parse("bold red"),
    Style.parse("#8090a0 on #102030"),
    Style.parse("on #102030"),
    Style.parse("reverse"),
    Style.parse("underline green on blue"),
    Style.parse("dim"),
    Style.parse("bold link https://example.org/"),
]
TEXTS = ["SAVE", "  ", " " * 20, "polls.question 17 ", "x", "─" * 9, "日本語", "e\u0301te", " ok  "]


def strip(rng, width):
    """A strip of texts in any style."""
    segments = [Segment(rng.choice(TEXTS), rng.choice(STYLES)) for _ in range(rng.randint(1, 6))]
    return Strip(segments).adjust_cell_length(width)


def whole(rng):
    strips = [[strip(rng, 25), strip(rng, WIDTH - 25)] for _ in range(HEIGHT)]
    return LayoutUpdate(strips, Region(0, 0, WIDTH, HEIGHT))


def part(rng):
    """Some spans of lines, each cut in two."""
    cut = rng.randint(1, WIDTH - 1)
    spans = [
        (y, *sorted(rng.sample(range(WIDTH + 1), 2))) for y in range(HEIGHT) if rng.random() < 0.4
    ]
    chops = [{0: strip(rng, cut), cut: strip(rng, WIDTH - cut)} for _ in range(HEIGHT)]
    return ChopsUpdate(chops, spans, [[cut, WIDTH]] * HEIGHT)


class Shown:
    """A terminal that is sent only what an image says."""

    def __init__(self, **options):
        self.image = TerminalImage(ColorSystem.TRUECOLOR, **options)
        self.image.resize(Size(WIDTH, HEIGHT))
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.screen.set_mode(7, private=True)
        self._stream = pyte.Stream(self.screen)

    def send(self, limit):
        self._stream.feed(sent := self.image.changes(limit))
        return sent

    def send_all(self):
        while self.image.is_behind:
            self.send(1)

    def cells(self):
        """Each cell with what can be seen of it."""
        return [[_seen(self.screen.buffer[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


def _seen(cell):
    seen = cell._replace(bold=False, italics=False, blink=False)
    if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough):
        return seen._replace(fg="default")
    return cell


@pytest.mark.parametrize("erases", [False, True])
@pytest.mark.parametrize("seed", range(examples(30, 1000)))
def test_a_terminal_shows_what_was_drawn_last_however_much_was_left_out(seed, erases):
    rng = random.Random(seed)
    patient, eager = Shown(erases=erases), Shown(erases=False)
    for update in [whole(rng), *(rng.choice([part, part, whole])(rng) for _ in range(12))]:
        for shown in (patient, eager):
            shown.image.draw(update)
        eager.image.forget()  # sends all of it, each time
        eager.send_all()
        if rng.random() < 0.3:
            patient.image.prefer_what_comes()
        patient.send(rng.choice([1, 60, 10_000]))
    patient.send_all()
    assert patient.cells() == eager.cells()


def test_what_has_not_changed_is_not_sent():
    shown = Shown(erases=True)
    update = whole(random.Random(1))
    shown.image.draw(update)
    shown.send_all()
    shown.image.draw(update)
    assert not shown.image.is_behind
    assert shown.send(1) == ""


def line(y, text):
    chops = [{0: Strip([Segment(text)]).adjust_cell_length(WIDTH)}] * HEIGHT
    return ChopsUpdate(chops, [(y, 0, WIDTH)], [[WIDTH]] * HEIGHT)


def test_what_comes_after_a_key_goes_before_what_waits():
    shown = Shown(erases=True)
    shown.send_all()
    for y in range(5):
        shown.image.draw(line(y, "news"))
    shown.image.prefer_what_comes()
    shown.image.draw(line(5, "answer"))
    assert "answer" in shown.send(1)
    assert "news" in shown.send(1)


@pytest.mark.parametrize("texts", [("日本a", "日本b"), ("e\u0301a", "xab"), ("xa", "日a")])
def test_a_frame_stays_closed_if_the_terminal_sees_a_text_wider_or_narrower(texts):
    shown = Shown(erases=False)
    shown.send_all()
    for text in texts:
        chops = [{0: Strip([Segment(text)]).adjust_cell_length(30), 30: Strip([Segment("│")])}]
        shown.image.draw(ChopsUpdate(chops, [(0, 0, 31)], [[30, 31]]))
        sent = shown.send(1)
    assert "│" in sent, "all of the line is drawn again"
    if "日" in sent:
        assert sent.partition(text)[2].startswith("\x1b[1;"), "what follows goes to its place"


class Line:
    """A slow line: pieces arrive one after another, each after its bytes and those before it."""

    def __init__(self, bytes_per_second, way_seconds=0.0):
        self.pace = Pace()
        self._rate = bytes_per_second
        self._way = way_seconds
        self.now = self._free_at = 0.0

    def fill(self):
        """Send as much as may be sent; return how much is under way then, in seconds."""
        while (room := self.pace.room) > 0:
            self.pace.sent(min(room, 500), self.now)
            self._free_at = max(self.now, self._free_at) + min(room, 500) / self._rate
        return self._free_at - self.now

    def clear(self):
        """Let all arrive that is under way."""
        self.now = self._free_at + self._way
        self.pace.arrived_but(0, self.now)


@pytest.mark.parametrize("rate", [2_500, 4_000, 20_000])
def test_little_is_under_way_on_a_slow_line(rate):
    line = Line(rate)
    line.pace.sent(4, line.now)  # a question alone, which comes first
    line.now += 4 / rate
    line.pace.arrived_but(0, line.now)
    for _ in range(5):
        line.fill()
        line.clear()
    assert line.fill() < 0.5 + AT_LEAST / rate


def test_a_long_way_is_not_taken_for_a_slow_line():
    line = Line(1_000_000, way_seconds=0.6)
    line.pace.sent(4, line.now)
    line.now += 0.6
    line.pace.arrived_but(0, line.now)
    for _ in range(20):
        line.fill()
        line.clear()
    assert line.pace.room == AT_MOST
