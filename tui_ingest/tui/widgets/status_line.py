"""What an operator asks after 'is it running': how far behind, what failed, what is the danger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_ingest.tui.view import formats
from tui_ingest.tui.view.wording import Phrase, Tone

SEPARATOR = " · "
LINES = 2


class StatusLine(Widget):
    """Phrases over two lines: what does not fit in the first goes to the second.

    Phrases stay whole, but for the last one and for one that is wider than the screen.
    """

    DEFAULT_CSS = "StatusLine { height: 2; padding: 0 1; }"

    phrases: reactive[Sequence[Phrase]] = reactive(())

    def render(self) -> Content:
        return Content("\n").join(_lines(self.phrases, self.size.width))


def _lines(phrases: Sequence[Phrase], width: int) -> Iterator[Content]:
    pieces: list[Content] = []
    room, lines_left = width, LINES
    for phrase in phrases:
        text = phrase.text
        if pieces and lines_left > 1 and len(SEPARATOR) + cell_len(text) > room:
            yield _joined(pieces)
            pieces, room, lines_left = [], width, lines_left - 1
        room -= len(SEPARATOR) if pieces else 0
        if cell_len(text) > room:
            text = formats.fit(text, max(0, room))
        pieces.append(Content.styled(text, phrase.tone))
        room -= cell_len(text)
    yield _joined(pieces)


def _joined(pieces: list[Content]) -> Content:
    return Content.styled(SEPARATOR, Tone.QUIET).join(pieces)
