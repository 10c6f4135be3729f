"""What the screen says, what its keys do, and the guide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

import tui_ingest
from tui_ingest.tui.widgets.guide_page import GuidePage, PageTitles, sections

EXPLANATION = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
GUIDE = Path(tui_ingest.__file__).with_name("guide")
# In the order in which they are read; read now, because later a slow disk would hold up the screen.
PAGES = {
    name: (GUIDE / f"{name}.md").read_text(encoding="utf-8")
    for name in (
        "start",
        "operating",
        "settings",
        "service",
        "commands",
        "source",
        "streams",
        "how-it-works",
        "how-fast",
        "glossary",
    )
}


class HelpScreen(ModalScreen[None]):
    """The keys of the screen below and what that shows; then the pages of the guide.

    Args:
        keys: those keys.
        key_name: tells what a key is called now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", "Back", id="close_help"),
        Binding("right", "turn(1)", "Next page", id="next_page"),
        Binding("left", "turn(-1)", "Previous page", id="previous_page"),
    ]

    def __init__(self, keys: Iterable[ActiveBinding], key_name: Callable[[str], str]) -> None:
        super().__init__()
        self._key_name = key_name
        self._keys_below = [active.binding for active in keys]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog help"):
            yield PageTitles(["This screen", *map(_title, PAGES.values())])
            yield GuidePage(*self._this_screen())

    def on_mount(self) -> None:
        names = map(self._key_name, ("previous_page", "next_page", "close_help"))
        title = "Help · {} {} turn pages · {} closes".format(*names)
        self.query_one(Vertical).border_title = Content(title)
        self.query_one(GuidePage).focus()

    def action_turn(self, pages: int) -> None:
        """Show a page after or before the one that is shown."""
        self.query_one(PageTitles).page += pages

    @on(PageTitles.Turned)
    def show(self, event: PageTitles.Turned) -> None:
        """Show a page from its beginning."""
        page = self.query_one(GuidePage)
        if event.page:
            page.show(*sections(list(PAGES.values())[event.page - 1]))
        else:
            page.show(*self._this_screen())

    @on(GuidePage.LinkClicked)
    def follow(self, event: GuidePage.LinkClicked) -> None:
        """Turn to the page that a link names."""
        name = event.href.partition("#")[0].removesuffix(".md")
        if name in PAGES:
            self.query_one(PageTitles).page = 1 + list(PAGES).index(name)

    def _this_screen(self) -> Iterator[RenderableType]:
        yield self._key_table()
        yield from sections(re.sub(r"{(\w+)}", lambda key: self._key_name(key[1]), EXPLANATION))

    def _key_table(self) -> Table:
        keys: dict[str, list[Binding]] = {}
        for binding in self._keys_below:
            keys.setdefault(binding.action, []).append(binding)
        table = Table.grid("keys", "what they do", padding=(0, 2))
        for bindings in keys.values():
            names = "  ".join(map(self.app.get_key_display, bindings))
            tip = f" · {bindings[0].tooltip}" if bindings[0].tooltip else ""
            table.add_row(Text(names, "bold"), Text(bindings[0].description + tip))
        return table


def _title(page: str) -> str:
    return page.partition("\n")[0].removeprefix("# ")
