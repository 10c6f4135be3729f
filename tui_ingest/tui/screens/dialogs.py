"""What is asked in a box over a screen: whether, why, where to. The screen does the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from tui_ingest.tui.speaking import key_name
from tui_ingest.tui.view.wording import Tone


class Dialog(ModalScreen[ScreenResultType | None]):
    """Asks for something; returns None if nothing is to be done.

    Args:
        question: stands first; then come the fields, and the buttons in one line.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="cancel"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(self._question))
            yield from self.fields()
            with Horizontal(classes="buttons"):
                yield from self.buttons()
                yield Button(f"Cancel ({key_name(self, 'cancel')})", id="no")

    def fields(self) -> Iterator[Widget]:
        """Yield what is to be filled in, and what is said about that."""
        yield from ()

    def buttons(self) -> Iterator[Button]:
        """Yield the ways to go on; the way out comes after them."""
        raise NotImplementedError

    @on(Button.Pressed, "#no")
    def action_cancel(self) -> None:
        """Do nothing."""
        self.dismiss(None)


class Confirmation(Dialog[bool]):
    """Returns True if it is to be done.

    A subclass binds the keys to `confirm`.

    Args:
        button: what the key and the button are called that do it: "Pause".
    """

    def __init__(self, question: str, button: str) -> None:
        super().__init__(question)
        self._button = button

    def buttons(self) -> Iterator[Button]:
        (binding,) = (one for one in self.BINDINGS if isinstance(one, Binding))
        name = key_name(self, binding.id or "")
        yield Button(f"{self._button} ({name})", variant="warning", id="yes")

    @on(Button.Pressed, "#yes")
    def action_confirm(self) -> None:
        """Do it."""
        self.dismiss(True)


class LeaveDialog(Confirmation):
    """Asks before a session ends that has something left to do.

    Args:
        left: what is left to do: "38.0 MiB are unread, 7 dead letters are open".
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "confirm", "Leave", id="leave"),
    ]

    def __init__(self, left: str) -> None:
        nothing_lost = "Nothing is lost: the next start goes on from here, but until then"
        super().__init__(f"Leave? {left}. {nothing_lost} nothing is applied.", "Leave")


class OrderAllDialog(Confirmation):
    """Asks before several logs are paused, or go on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "confirm", "Yes", id="give_order"),
    ]


class TakeOverDialog(Confirmation):
    """Asks before the log is taken from the session that applies it.

    Args:
        runs_on: who applies it: "pid 812 on web-1"; "" for nobody.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("T,enter", "confirm", "Take over", id="take_over"),
    ]

    def __init__(self, runs_on: str) -> None:
        hands_over = f"{runs_on} hands it over after its batch and stands by"
        whom = hands_over if runs_on else "Nobody applies it now"
        question = f"Apply the log here? {whom}. When you quit, this one ends."
        super().__init__(question, "Take over")


class DiscardDialog(Dialog[str]):
    """Asks before something is given up, and for the reason, which is kept and returned.

    Args:
        what: "1 dead letter".
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Discard {what}? The record will not be applied. It stays in the list,"
            " with the time and this reason:"
        )

    def fields(self) -> Iterator[Widget]:
        yield Input(placeholder="why", id="why")
        yield Static(id="asked")

    def buttons(self) -> Iterator[Button]:
        yield Button("Discard", variant="error", id="yes", disabled=True)

    @on(Input.Changed)
    def _allow(self, event: Input.Changed) -> None:
        self.query_one("#yes", Button).disabled = not event.value.strip()

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _discard(self) -> None:
        why = self.query_one(Input).value.strip()
        if why:
            self.dismiss(why)
        else:
            self.query_one("#asked", Static).update(
                Content.styled("Nothing is discarded without a reason. Type one.", Tone.BAD)
            )


class ExportDialog(Dialog[Path]):
    """Returns where to write. A file that exists is not overwritten: the writing refuses.

    Args:
        what: "7 dead letters as JSON lines".
        name: how the name of the file begins.
        suffix: how it ends: ".jsonl".
    """

    def __init__(self, what: str, name: str, suffix: str) -> None:
        super().__init__(f"Write {what} to a new file:")
        self._path = Path.cwd() / f"{name}-{datetime.now().astimezone():%Y%m%d-%H%M%S}{suffix}"

    def fields(self) -> Iterator[Widget]:
        yield Input(str(self._path), id="path")

    def buttons(self) -> Iterator[Button]:
        yield Button("Write", variant="primary", id="yes")

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _write(self) -> None:
        text = self.query_one(Input).value.strip()
        if text:
            self.dismiss(Path(text).expanduser())
