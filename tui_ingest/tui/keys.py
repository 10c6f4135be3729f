"""The keys of the console, and how a project changes them: `TUI_INGEST["KEYS"]`.

A binding's id says what it does: bindings with one id do the same on different screens, or turn
into each other, as pause and resume do. They are changed together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from django.core.exceptions import ImproperlyConfigured
from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.keys import Keys, key_to_character

from tui_ingest.tui.screens.dead_letters import DeadLettersScreen
from tui_ingest.tui.screens.dialogs import (
    DiscardDialog,
    ExportDialog,
    LeaveDialog,
    OrderAllDialog,
    TakeOverDialog,
)
from tui_ingest.tui.screens.edit import EditScreen
from tui_ingest.tui.screens.events import EventsScreen
from tui_ingest.tui.screens.go_to import GoToDialog, LookAtDialog
from tui_ingest.tui.screens.help import HelpScreen
from tui_ingest.tui.screens.history import HistoryScreen
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.logs import LogsScreen
from tui_ingest.tui.screens.look import LookScreen
from tui_ingest.tui.screens.main import MainScreen
from tui_ingest.tui.screens.repair_actions import RetryDialog
from tui_ingest.tui.screens.search import SearchScreen
from tui_ingest.tui.screens.stop_actions import StoppedInspector
from tui_ingest.tui.widgets.filtered_rows import FilterInput
from tui_ingest.tui.widgets.log_pane import LogPane
from tui_ingest.tui.widgets.rows import RowsView
from tui_ingest.tui.widgets.timeline_strip import TimelineStrip

APP_KEYS: list[BindingType] = [
    Binding("q", "ask_to_quit", "Quit", tooltip="Quit after the running batch", id="quit"),
    Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="quit_anywhere"),
    Binding("ctrl+l", "draw_anew", "Draw the screen anew", show=False, id="draw_anew"),
]
# What is asked for its keys at the same time.
_TOGETHER: tuple[tuple[type[DOMNode], ...], ...] = (
    (MainScreen, LogPane),
    (MainScreen, TimelineStrip),
    (LogsScreen, RowsView),
    (DeadLettersScreen, RowsView),
    (InspectorScreen, RowsView),
    (StoppedInspector, RowsView),
    (EventsScreen, RowsView),
    (HistoryScreen, RowsView),
    (LookScreen, RowsView),
    (SearchScreen, RowsView),
    (EditScreen,),
    (FilterInput,),
)
_ALONE: tuple[type[DOMNode], ...] = (
    DiscardDialog,
    ExportDialog,
    GoToDialog,
    HelpScreen,
    LeaveDialog,
    OrderAllDialog,
    RetryDialog,
    LookAtDialog,
    TakeOverDialog,
)
# Textual's own.
_TAKEN = {App.COMMAND_PALETTE_BINDING: "the palette", "tab": "the focus", "shift+tab": "the focus"}
_MODIFIERS = {"ctrl", "alt", "shift", "super", "hyper", "meta"}
_NAMED = {key.value for key in Keys if not key.value.startswith("<")}


def keymap(wanted: Mapping[str, str]) -> dict[str, str]:
    """Return Textual's keymap for `TUI_INGEST["KEYS"]`: ids of bindings, and their keys.

    Raises:
        ImproperlyConfigured: something that no key does, something that is no key, or one key for
            two things that are in reach at the same time.
    """
    known = default_keys()
    for key_id, keys in wanted.items():
        if key_id not in known:
            raise ImproperlyConfigured(
                f"TUI_INGEST['KEYS'] names {key_id!r}, which nothing in the console is called."
                f" Names: {', '.join(sorted(known))}."
            )
        for key in keys.split(","):
            if not _is_key(key):
                raise ImproperlyConfigured(
                    f"TUI_INGEST['KEYS'][{key_id!r}] is {keys!r}, but {key!r} is no key."
                    " Write 'f5', 'ctrl+x', 'P', or two with a comma between: 'f5,P'."
                )
    for classes in _TOGETHER:
        _refuse_clashes([*_bindings(*classes), *Binding.make_bindings(APP_KEYS)], wanted)
    for dialog in _ALONE:
        _refuse_clashes(_bindings(dialog), wanted)
    return dict(wanted)


def default_keys() -> dict[str, str]:
    """Return the first key of each id, as it is if nobody changes it."""
    keys: dict[str, str] = {}
    screens = _bindings(*(found for classes in _TOGETHER for found in classes), *_ALONE)
    for binding in (*screens, *Binding.make_bindings(APP_KEYS)):
        keys.setdefault(binding.id or "", binding.key)
    return keys


def _bindings(*classes: type[DOMNode]) -> Iterator[Binding]:
    """Yield what these classes and their bases bind, one key each."""
    for found in classes:
        for base in found.__mro__:
            ours = base.__module__.startswith(__package__ or "")
            yield from Binding.make_bindings(base.__dict__.get("BINDINGS", []) if ours else [])


def _refuse_clashes(bindings: Iterable[Binding], wanted: Mapping[str, str]) -> None:
    users = dict(_TAKEN)
    for binding in bindings:
        key_id = binding.id or ""
        keys = wanted.get(key_id, binding.key)
        for made in Binding.make_bindings([Binding(keys, "")]):
            other = users.setdefault(made.key, key_id)
            if other != key_id and (key_id in wanted or other in wanted):
                raise ImproperlyConfigured(
                    f"TUI_INGEST['KEYS'] leaves the key {made.key!r} to both {other!r} and"
                    f" {key_id!r}. Give one of them another one."
                )


def _is_key(key: str) -> bool:
    *modifiers, name = key.strip().split("+")
    if not set(modifiers) <= _MODIFIERS or not name:
        return False
    if len(name) == 1 or name in _NAMED:
        return True
    return key_to_character(name) is not None
