"""The keys of the main screen. Each has an id, by which TUI_INGEST["KEYS"] changes it."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui_ingest.tui.screens.console_screen import help_key
from tui_ingest.tui.screens.look import looking_keys
from tui_ingest.tui.screens.search import search_key


def _hidden(key: str, action: str, description: str, tooltip: str, key_id: str) -> Binding:
    """A key that works and is in the palette, but not in the footer."""
    return Binding(key, action, description, tooltip=tooltip, show=False, id=key_id)


def _shown(key: str, action: str, description: str, tooltip: str, key_id: str) -> Binding:
    return Binding(key, action, description, tooltip=tooltip, id=key_id)


MAIN_KEYS: list[BindingType] = [
    _shown("space,p", "pause", "Pause", "Stop the work after the running batch", "pause"),
    _shown("space,p", "resume", "Resume", "Go on with the work", "pause"),
    _shown("n", "step", "Step", "While paused: apply one record", "step"),
    _hidden(
        "N",
        "step_to_failure",
        "Step to next failure",
        "While paused: go on until a record fails",
        "step_to_failure",
    ),
    _shown("f", "freeze", "Freeze", "Stop the view; the work goes on", "follow"),
    _shown("f", "follow", "Follow", "Show the newest records again", "follow"),
    _shown("slash", "filter", "Filter", "text  op:save  model:polls  pk:7  failed", "filter"),
    _shown("e", "failure(1)", "Next error", "Go to the next failed record", "next_error"),
    _hidden(
        "E", "failure(-1)", "Previous error", "Go to the failed record before", "previous_error"
    ),
    _hidden("enter", "inspect", "Inspect record", "The record under the cursor", "inspect"),
    _shown("d", "dead_letters", "Dead letters", "What failed, and what to do", "dead_letters"),
    _hidden("v", "events", "Events", "Gaps, rotations, pauses, messages", "events"),
    _hidden("o", "go_to", "Go to …", "While paused: continue from another place", "go_to"),
    *looking_keys(show=False),
    search_key(),
    _hidden(
        "b",
        "toggle_stop_on_error",
        "Stop on error on/off",
        "Stand before a record that fails instead of setting it aside",
        "stop_on_error",
    ),
    _hidden("T", "take_over", "Take over", "Attached: apply the log here instead", "take_over"),
    _hidden("r", "retry_stopped", "Retry", "Stopped on error: try the record again", "retry"),
    _hidden("i", "edit_stopped", "Edit", "Stopped on error: set aside, then edit", "edit"),
    _hidden("x", "discard_stopped", "Discard", "Stopped on error: give it up", "discard"),
    _hidden("a", "set_aside_stopped", "Set aside", "Stopped on error: go on", "set_aside"),
    _hidden("s", "sort", "Sort models", "By the next column", "sort"),
    _hidden("S", "sort_backwards", "Sort models backwards", "", "sort_backwards"),
    _hidden("t", "scope", "Lifetime or session", "What the models table counts", "scope"),
    _hidden("c", "copy", "Copy record", "The line under the cursor", "copy"),
    _hidden("Y", "write_record", "Write record", "To a file, whole", "write_record"),
    _hidden("w", "export", "Export", "The records that the filter lets through", "export"),
    _hidden("m", "toggle_maximized", "Maximise", "The focused pane, and back", "maximise"),
    _hidden("1", "focus_pane('log')", "Focus log", "", "focus_log"),
    _hidden("2", "focus_pane('models')", "Focus models", "", "focus_models"),
    _hidden("3", "focus_timeline", "Focus timeline", "The whole log", "focus_timeline"),
    _hidden("escape", "peel", "Back", "Peel one layer: filter, zoom, freeze", "back"),
    help_key(),
]
