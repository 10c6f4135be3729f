"""A page of Markdown as lines of one widget, and the titles of all pages in one line."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from rich.theme import Theme
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

MARGIN = 1  # cells, at both sides
# Rich's styles of Markdown, and how they look here.
_STYLES = {
    "h1": "heading",
    "h2": "heading",
    "h3": "heading",
    "code": "code",
    "code_block": "code",
    "link": "link",
    "link_url": "link",
    "strong": "strong",
    "em": "em",
    "table.header": "strong",
    "table.border": "quiet",
    "item.bullet": "quiet",
}


class _Heading(Heading):
    def __rich_console__(self, _: Console, __: ConsoleOptions) -> RenderResult:
        text = self.text.copy()
        text.justify = "center" if self.tag == "h1" else "left"
        yield text


class _Code(CodeBlock):
    """Code as it stands: the guide's is of no language that would be coloured."""

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> RenderResult:
        yield Padding(Text(str(self.text).rstrip()), (0, 0, 0, 1), style="markdown.code_block")


class GuideText(Markdown):
    """Text of the guide, to be shown on a page."""

    elements = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _Code,
        "code_block": _Code,
    }


def sections(text: str) -> Sequence[GuideText]:
    """Return the sections of a text of the guide, to be drawn one by one."""
    return [GuideText(section) for section in re.split(r"^(?=## )", text, flags=re.MULTILINE)]


class GuidePage(ScrollView, can_focus=True):
    """What is shown is drawn once: first what is seen, and the rest once that is on the screen.

    Textual's has a widget for each block of text.

    Args:
        parts: shown first, one below the other.
    """

    DEFAULT_CSS = """
    GuidePage {
        overflow-x: hidden;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        & > .guide--heading { color: $text-accent; text-style: bold; }
        & > .guide--code { background: $background; }
        & > .guide--link { color: $text-accent; text-style: underline; }
        & > .guide--strong { text-style: bold; }
        & > .guide--em { text-style: italic; }
        & > .guide--quiet { color: $text-quiet; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"guide--{name}" for name in _STYLES.values()}

    class LinkClicked(Message):
        """A link was clicked."""

        def __init__(self, href: str) -> None:
            super().__init__()
            self.href = href

    def __init__(self, *parts: RenderableType) -> None:
        super().__init__()
        self._parts = parts
        self._lines: list[Strip] = []
        self._drawn: object = None  # what these were drawn from
        self._left: list[RenderableType] = []  # parts that are still to be drawn
        self._renderer = Console()  # that draws them

    def show(self, *parts: RenderableType) -> None:
        """Show these, one below the other, from the beginning."""
        self._parts = parts
        self.screen.clear_selection()
        self._lay_out()
        self.scroll_home(animate=False)

    def _lay_out(self) -> None:
        """Draw the page, unless it would look the same."""
        width = self.scrollable_content_region.width
        if width <= 2 * MARGIN:  # not laid out yet
            return
        base = self.rich_style
        styles = {
            f"markdown.{rich}": self.get_component_rich_style(f"guide--{ours}")
            for rich, ours in _STYLES.items()
        }
        drawn = (self._parts, width, base, styles)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self._lines, self._left = [], [*self._parts]
        console = Console(
            file=io.StringIO(),
            width=width - 2 * MARGIN,
            force_terminal=True,
            color_system="truecolor",
            theme=Theme(styles),
        )
        self._renderer = console
        self._draw(self.size.height)

    def _draw(self, lines: float = math.inf) -> None:
        """Draw parts that are left until there are so many lines."""
        base, width = self.rich_style, self._renderer.width
        while self._left and len(self._lines) < lines:
            self._lines += [
                Strip(line).apply_style(base).crop_pad(width, MARGIN, MARGIN, base)
                for line in [*self._renderer.render_lines(self._left.pop(0)), []]
            ]
        self.virtual_size = Size(width + 2 * MARGIN, len(self._lines))
        self.refresh()
        if self._left:
            self.call_after_refresh(self._draw)

    def render_line(self, y: int) -> Strip:
        y += self.scroll_offset.y
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        line = self._lines[y]
        if self.text_selection and (span := self.text_selection.get_span(y)):
            line = self._marked(line, *span)
        return line.apply_offsets(0, y)

    def on_resize(self) -> None:
        self._lay_out()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lay_out()

    def on_click(self, event: events.Click) -> None:
        if event.style.link:
            self.post_message(self.LinkClicked(event.style.link))

    # What is selected with the mouse

    def _marked(self, line: Strip, start: int, end: int) -> Strip:
        end = line.cell_length if end < 0 else end
        mark = Style(bgcolor=self.screen.get_component_rich_style("screen--selection").bgcolor)
        chosen = Strip(Segment.apply_style(line.crop(start, end), post_style=mark))
        return Strip.join([line.crop(0, start), chosen, line.crop(end)])

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        self._draw()  # all that is left: it may be meant, too
        return selection.extract("\n".join(line.text.rstrip() for line in self._lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002
        self.refresh()


GAP = 2  # cells


class PageTitles(Widget):
    """One widget; Textual's tabs are one for each, and take as long to open as all else together.

    Args:
        titles: in their order; the first is open.
    """

    DEFAULT_CSS = "PageTitles { height: 1; margin: 0 1 1 1; color: $text-quiet; }"

    page: reactive[int] = reactive(0, init=False)

    class Turned(Message):
        """Another page is open."""

        def __init__(self, page: int) -> None:
            super().__init__()
            self.page = page

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__()
        self._titles = titles

    def validate_page(self, page: int) -> int:
        """After the last comes the first."""
        return page % len(self._titles)

    def watch_page(self, page: int) -> None:
        self.post_message(self.Turned(page))

    def render(self) -> Content:
        pieces = [
            Content.styled(title, "$text-accent bold reverse")
            if page == self.page
            else Content(title)
            for page, title in enumerate(self._titles)
        ]
        line = Content(" " * GAP).join(pieces)
        return line[self._left :]

    @property
    def _left(self) -> int:
        """The first cell that is seen: no further than it takes to see the title that is open."""
        return max(0, self._ends[min(self.page + 1, len(self._titles) - 1)] - self.size.width)

    @property
    def _ends(self) -> list[int]:
        """The cell after each title."""
        ends, end = [], -GAP
        for title in self._titles:
            end += GAP + len(title)
            ends.append(end)
        return ends

    def on_click(self, event: events.Click) -> None:
        x = event.x + self._left
        clicked = (
            page for page, end in enumerate(self._ends) if end - len(self._titles[page]) <= x < end
        )
        self.page = next(clicked, self.page)
