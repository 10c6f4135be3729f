"""Keys that a project chose, and what is said of those that it cannot have."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.tui.scripted import record
from tui_ingest.ingest.events import State
from tui_ingest.running.options import IngestOptions
from tui_ingest.tui.keys import keymap
from tui_ingest.tui.launching import launch

CHOSEN = {"pause": "f5", "follow": "u", "dead_letters": "ctrl+d", "next_error": "?", "help": "f1"}


async def test_chosen_keys_work_everywhere_and_the_usual_ones_do_not(desk):
    async with desk(keymap=keymap(CHOSEN), size=(120, 120)) as d:
        d.session.apply(*(record(n) for n in range(60)), failing=(7,))
        await d.shows(
            "polls.question 59", "f5 Pause", "u Freeze", "^d Dead letters", "? Next error"
        )
        await d.press("space", "p", "f5")
        await d.until(lambda: d.app.view.status.state is State.PAUSED)
        await d.shows("f5 Resume")
        await d.press("question_mark")
        await d.until(lambda: d.log.current.pk == "7")
        d.session.apply(record(100))
        await d.shows("▼ 1 new (u to follow)", "u Follow")
        await d.press("f1")
        await d.shows("← → turn pages · esc closes", "Resume · Go on with the work")
        await d.press("end")
        await d.shows("Freezing (u, or moving up)", "Pausing (f5)")
        await d.press("escape", "f5")
        await d.until(lambda: d.app.view.status.state is State.RUNNING)


async def test_the_palette_names_chosen_keys(desk):
    async with desk(keymap=keymap(CHOSEN)) as d:
        await d.press("ctrl+p", *"pause")
        await d.shows("Pause  (f5)")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"halt": "f5"}, ["'halt'", "nothing in the console", "pause"]),
        ({"pause": "f55"}, ["'pause'", "'f55' is no key", "ctrl+x"]),
        ({"pause": ""}, ["'pause'", "'' is no key"]),
        ({"pause": "hyper"}, ["'hyper' is no key"]),
        ({"pause": "e"}, ["'e'", "'pause'", "'next_error'", "Give one"]),
        ({"pause": "k"}, ["'k'", "'pause'", "'up'"]),
        ({"sort": "r"}, ["'r'", "'sort'", "'retry'"]),
        ({"help": "ctrl+p"}, ["'ctrl+p'", "'help'", "'the palette'"]),
        ({"pause": "f5", "step": "f5"}, ["'f5'", "'pause'", "'step'"]),
    ],
)
def test_keys_that_cannot_be_had_are_said(wanted, words):
    with pytest.raises(ImproperlyConfigured) as refused:
        keymap(wanted)
    for word in words:
        assert word in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"pause": "f5,P"},
        {"pause": "n", "step": "space"},  # each has the other's
        {"close_help": "q"},
        {"quit": "Q", "last": "ctrl+end", "up": "alt+k"},
    ],
)
def test_keys_that_can_be_had(wanted):
    assert keymap(wanted) == wanted


def test_a_key_that_cannot_be_had_ends_the_console_with_one_line(settings, capsys, tmp_path):
    settings.TUI_INGEST = {"KEYS": {"pause": "e"}}
    assert launch(IngestOptions(path=tmp_path / "oplog.log")) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tui-ingest: TUI_INGEST['KEYS'] leaves the key 'e' to both")
