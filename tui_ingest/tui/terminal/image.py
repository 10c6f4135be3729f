"""What the terminal shows and what it ought to show, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

from tui_ingest.tui.terminal.looks import PLAIN, RESET, Look, Pen, look_of, of_blank

BRIDGED_CELLS = 4  # between two changes that are sent again: to jump over them is no shorter
ERASED_CELLS = 12  # from which on that is shorter than spaces


class _Row:
    """The cells of a line: a text that is no row of narrow characters is in the first it covers."""

    __slots__ = ("looks", "texts")

    def __init__(self, width: int, text: str) -> None:
        self.texts = [text] * width
        self.looks = [PLAIN] * width

    def put(self, x: int, segment: Segment, colors: ColorSystem) -> int:
        """Write a text from a cell on; return the cell after it."""
        text, look = segment.text, look_of(segment.style, colors)
        if _is_narrow(text):
            end = x + len(text)
            self.texts[x:end] = text
            self.looks[x:end] = _looks(text, look)
        elif width := cell_len(text):
            end = x + width
            self.texts[x:end] = [text, *[""] * (width - 1)]
            self.looks[x:end] = [look] * width
        else:
            end = x
        return end

    @property
    def is_narrow(self) -> bool:
        """Whether each cell has its own character, and terminals agree which."""
        return set(map(len, self.texts)) <= {1}


class TerminalImage:
    """Takes what is drawn, and tells what to send so that the terminal shows it.

    What was drawn and is drawn over before it could be sent is never sent.

    Args:
        colors: that the terminal has.
        erases: some cells of a line, and leaves them in the colour that is set.
    """

    def __init__(self, colors: ColorSystem, *, erases: bool) -> None:
        self._colors = colors
        self._erases = erases
        self._size = Size(0, 0)
        self._wanted: list[_Row] = []
        self._shown: list[_Row] = []
        self._next: dict[int, None] = {}  # lines to be sent, those first that wait longest
        self._later: dict[int, None] = {}  # the same, when those are sent

    @property
    def is_behind(self) -> bool:
        """Whether there is something to send."""
        return bool(self._next or self._later)

    def resize(self, size: Size) -> None:
        """Have room for so many cells; of a terminal with another size nothing is known."""
        if size != self._size:
            self._size = size
            self._wanted = [_Row(size.width, " ") for _ in range(size.height)]
            self.forget()

    def forget(self) -> None:
        """Take the terminal for one that shows nothing of what was sent."""
        width, height = self._size
        self._shown = [_Row(width, "\0") for _ in range(height)]  # unlike every text
        self._next, self._later = dict.fromkeys(range(height)), {}

    def prefer_what_comes(self) -> None:
        """Send what is drawn from now on before what waits by now."""
        self._later |= self._next
        self._next.clear()

    def draw(self, update: LayoutUpdate | ChopsUpdate) -> None:
        """Take what is drawn."""
        pieces = _all_of(update) if isinstance(update, LayoutUpdate) else _changed(update)
        for y, x, strip in pieces:
            if y < self._size.height:
                self._put(y, x, strip)

    def _put(self, y: int, x: int, strip: Strip) -> None:
        row = self._wanted[y]
        if x + strip.cell_length > self._size.width:
            strip = strip.crop(0, self._size.width - x)
        for segment in strip:
            x = row.put(x, segment, self._colors)
        if y not in self._next and not self._is_shown(y):
            self._later.pop(y, None)
            self._next[y] = None

    def _is_shown(self, y: int) -> bool:
        wanted, shown = self._wanted[y], self._shown[y]
        return wanted.texts == shown.texts and wanted.looks == shown.looks

    def changes(self, limit: int) -> str:
        """Return what to send next, as whole lines: at least one, then up to so many bytes."""
        sent: list[str] = []
        pen, size = Pen(), 0
        while size < limit and (lines := self._next or self._later):
            y = next(iter(lines))
            del lines[y]
            row, shown = self._wanted[y], self._shown[y]
            is_narrow = row.is_narrow and shown.is_narrow
            line = "".join(self._differences(y, pen) if is_narrow else _anew(y, row, pen))
            shown.texts[:], shown.looks[:] = row.texts, row.looks
            sent.append(line)
            size += len(line.encode())
        return "".join([*sent, RESET]) if size else ""

    def _differences(self, y: int, pen: Pen) -> Iterator[str]:
        """Yield sequences that draw what differs in a line."""
        row = self._wanted[y]
        at = -1  # where the terminal's cursor stands, if that is in this line
        for start, end in _runs(row, self._shown[y]):
            for x, text, look in _stretches(row, start, end):
                if x != at:
                    yield f"\x1b[{x - at}C" if at >= 0 else f"\x1b[{y + 1};{x + 1}H"
                yield pen.change(look)
                if look.foreground is None and len(text) >= ERASED_CELLS and self._erases:
                    yield f"\x1b[{len(text)}X"
                    at = x
                else:
                    yield text
                    at = x + len(text)


def _anew(y: int, row: _Row, pen: Pen) -> Iterator[str]:
    """Yield sequences that draw a whole line, each text where it belongs.

    How wide they are, the terminal may see differently.
    """
    at = covered = -1
    for x, (text, look) in enumerate(zip(row.texts, row.looks, strict=True)):
        if not text and x < covered:
            continue
        if x != at:
            yield f"\x1b[{y + 1};{x + 1}H"
        yield pen.change(look) + (text or " ")
        at = x + 1 if _is_narrow(text) else -1
        covered = x + cell_len(text)


def _stretches(row: _Row, start: int, end: int) -> Iterator[tuple[int, str, Look]]:
    """Yield the texts between two cells that look the same, and where each begins."""
    while start < end:
        look, after = row.looks[start], start + 1
        while after < end and row.looks[after] is look:
            after += 1
        yield start, "".join(row.texts[start:after]), look
        start = after


def _looks(text: str, look: Look) -> list[Look]:
    """Return the look of each character, with spaces around them for what they are."""
    begin, end = len(text) - len(text.lstrip(" ")), len(text.rstrip(" "))
    if not end:
        return [of_blank(look)] * len(text)
    if begin == 0 and end == len(text):
        return [look] * end
    blank = of_blank(look)
    return [blank] * begin + [look] * (end - begin) + [blank] * (len(text) - end)


def _runs(row: _Row, shown: _Row) -> Iterator[tuple[int, int]]:
    """Yield the cells, from and to, that differ."""
    cells = zip(row.texts, shown.texts, row.looks, shown.looks, strict=True)
    start = end = -1
    for x, (text, before, look, look_before) in enumerate(cells):
        if text == before and look is look_before:
            continue
        if start >= 0 and x - end > BRIDGED_CELLS:
            yield start, end
            start = -1
        if start < 0:
            start = x
        end = x + 1
    if start >= 0:
        yield start, end


def _is_narrow(text: str) -> bool:
    return text.isascii() or all(get_character_cell_size(character) == 1 for character in set(text))


def _all_of(update: LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            yield y, x, strip
            x += strip.cell_length


def _changed(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, left, right in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < right and end > left:
                yield y, x, strip if end <= right else strip.crop(0, right - x)
