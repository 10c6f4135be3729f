"""What the screen says, and what its keys do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

EXPLANATION = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
KEY_CELLS = 14


class HelpScreen(ModalScreen[None]):
    """The explanation, then the keys of the screen below.

    Args:
        bindings: those keys.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", "Back", id="help.back"),
    ]

    def __init__(self, bindings: Iterable[Binding]) -> None:
        super().__init__()
        self._bindings_shown = [binding for binding in bindings if binding.description]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog help"):
            yield Markdown(EXPLANATION)
            yield Markdown("## Keys")
            yield Static(Content("\n").join(self._keys()), id="keys")

    def on_mount(self) -> None:
        text = self.query_one(VerticalScroll)
        text.border_title = Content("Help · escape closes")
        text.focus()

    def _keys(self) -> Iterable[Content]:
        keys: dict[str, list[Binding]] = {}
        for binding in self._bindings_shown:
            keys.setdefault(binding.action, []).append(binding)
        for bindings in keys.values():
            names = "  ".join(map(self.app.get_key_display, bindings))
            tip = f" · {bindings[0].tooltip}" if bindings[0].tooltip else ""
            yield Content.assemble(
                (f"{names:<{KEY_CELLS}}", "bold"),
                bindings[0].description,
                (tip, "$text-muted"),
            )
