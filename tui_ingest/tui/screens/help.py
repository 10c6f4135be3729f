"""What the screen says, and what its keys do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

EXPLANATION = Path(__file__).with_name("help.md").read_text(encoding="utf-8")


class HelpScreen(ModalScreen[None]):
    """The explanation, then the keys of the screen below.

    Args:
        keys: those keys.
        key_name: tells what a key is called now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", "Back", id="close_help"),
    ]

    def __init__(self, keys: Iterable[ActiveBinding], key_name: Callable[[str], str]) -> None:
        super().__init__()
        self._key_name = key_name
        self._keys_below = [active.binding for active in keys]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog help"):
            yield Markdown(EXPLANATION.format_map(_KeyNames(self._key_name)))
            yield Markdown("## Keys")
            yield Static(self._key_table(), id="keys")

    def on_mount(self) -> None:
        text = self.query_one(VerticalScroll)
        text.border_title = Content(f"Help · {self._key_name('close_help')} closes")
        text.focus()

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


class _KeyNames(dict[str, str]):
    """Looks a key's name up when the explanation asks for it."""

    def __init__(self, key_name: Callable[[str], str]) -> None:
        super().__init__()
        self._key_name = key_name

    def __missing__(self, key_id: str) -> str:
        return self._key_name(key_id)
