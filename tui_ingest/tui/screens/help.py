"""What the screen says, what its keys do, and the guide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static, Tab, Tabs
from textual.widgets.markdown import MarkdownFence

import tui_ingest

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
_THIS_SCREEN = "this-screen"
_SECTION = re.compile(r"^(?=##)", re.MULTILINE)
BREATH_SECONDS = 0.02  # between two sections


class _Code(MarkdownFence):
    """Code of no language: to guess one, all lexers there are would be loaded and asked."""

    def __init__(self, markdown: Markdown, token: Any, *rest: Any) -> None:
        token.info = token.info or "text"
        super().__init__(markdown, token, *rest)


class _Section(Markdown):
    BLOCKS = {
        **Markdown.BLOCKS,
        "fence": _Code,
        "code_block": _Code,
    }


class HelpScreen(ModalScreen[None]):
    """The keys of the screen below and what that shows; then the pages of the guide.

    Args:
        keys: those keys.
        key_name: tells what a key is called now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", "Back", id="close_help"),
        Binding("right", "turn('next_tab')", "Next page", id="next_page"),
        Binding("left", "turn('previous_tab')", "Previous page", id="previous_page"),
    ]

    def __init__(self, keys: Iterable[ActiveBinding], key_name: Callable[[str], str]) -> None:
        super().__init__()
        self._key_name = key_name
        self._keys_below = [active.binding for active in keys]
        self._page = ""  # that is shown
        self._explanation = EXPLANATION.format_map(_KeyNames(key_name))

    def compose(self) -> ComposeResult:
        tabs = [Tab("This screen", id=_THIS_SCREEN)]
        tabs += [Tab(_title(text), id=name) for name, text in PAGES.items()]
        with Vertical(classes="dialog help"):
            yield Tabs(*tabs)
            with VerticalScroll():
                yield Static(self._key_table(), id="keys")

    def on_mount(self) -> None:
        turn = f"{self._key_name('previous_page')} {self._key_name('next_page')} turn pages"
        title = f"Help · {turn} · {self._key_name('close_help')} closes"
        self.query_one(Vertical).border_title = Content(title)
        self.query_one(VerticalScroll).focus()

    async def action_turn(self, action: str) -> None:
        """Show the page before or after the one that is shown."""
        await self.query_one(Tabs).run_action(action)

    @on(Tabs.TabActivated)
    async def show(self, event: Tabs.TabActivated) -> None:
        """Show the page of a tab from its beginning."""
        self._page = event.tab.id or _THIS_SCREEN
        self.query_one("#keys").display = self._page == _THIS_SCREEN
        await self.query(Markdown).remove()
        self.query_one(VerticalScroll).scroll_home(animate=False)
        page = PAGES.get(self._page)
        await self._add(self._page, _SECTION.split(page) if page else [self._explanation])

    async def _add(self, page: str, sections: list[str]) -> None:
        """Add sections to a page while it is shown, and obey keys in between: a long one as a whole
        would keep them waiting for half a second.
        """
        if sections and page == self._page and self.is_mounted:
            scroll = self.query_one(VerticalScroll)
            is_at_end = 0 < scroll.max_scroll_y <= scroll.scroll_target_y  # or on its way there
            await scroll.mount(_Section(sections[0], open_links=False))
            if is_at_end:  # somebody wants to see how it ends
                scroll.scroll_end(animate=False)
            self.set_timer(BREATH_SECONDS, partial(self._add, page, sections[1:]))

    @on(Markdown.LinkClicked)
    def follow(self, event: Markdown.LinkClicked) -> None:
        """Turn to the page that a link names."""
        name = event.href.partition("#")[0].removesuffix(".md")
        if name in PAGES:
            self.query_one(Tabs).active = name

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


class _KeyNames(dict[str, str]):
    """Looks a key's name up when the explanation asks for it."""

    def __init__(self, key_name: Callable[[str], str]) -> None:
        super().__init__()
        self._key_name = key_name

    def __missing__(self, key_id: str) -> str:
        return self._key_name(key_id)
