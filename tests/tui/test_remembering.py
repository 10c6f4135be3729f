"""The console begins as it was looked at last."""

import pytest

from tests.support.lines import question
from tests.tui.scripted import record
from tests.tui.terminal import Terminal
from tui_ingest.tui.view.view_memory import ViewMemory
from tui_ingest.tui.widgets.letters_table import LettersTable
from tui_ingest.tui.widgets.models_table import ModelsTable


@pytest.fixture
def memory(tmp_path):
    """Open the memory of a user, as each start of the console does."""
    opened = []

    def open_memory(**options):
        if opened:
            opened[-1].close()
        opened.append(ViewMemory(tmp_path / "view.json"))
        opened[-1].load(**options)
        return opened[-1]

    yield open_memory
    opened[-1].close()


async def test_theme_sort_filter_and_scope(desk, memory):
    async with desk(memory=memory()) as d:
        models = d.app.main.query_one(ModelsTable)
        d.app.theme = "nord"
        await d.press("s", "S", "t", "slash", *"model:polls -failed", "enter")
        chosen = (models.sort_column, models.backwards)
    async with desk(memory=memory()) as d:
        models = d.app.main.query_one(ModelsTable)
        assert d.app.theme == "nord"
        assert (models.sort_column, models.backwards) == chosen != ("model", False)
        assert not models.lifetime
        d.session.apply(record(1), record(2, model="shop.item"))
        await d.shows("/model:polls -failed/ 1 of 2", "Models · session")
        await d.press("escape", "t", "S")
    async with desk(memory=memory()) as d:
        assert not d.log.filter
        assert d.app.main.query_one(ModelsTable).lifetime
    async with desk(memory=memory(reset=True)) as d:
        assert d.app.theme != "nord"
        assert d.app.main.query_one(ModelsTable).sort_column == "model"


@pytest.mark.django_db(transaction=True)
async def test_lists_that_are_opened_again(desk, memory):
    async with desk(memory=memory()) as d:
        await d.press("d", "s")
        column = d.screen.query_one(LettersTable).sort_column
        await d.press("escape", "d")
        assert d.screen.query_one(LettersTable).sort_column == column
        await d.press("slash", "x", "enter")
    async with desk(memory=memory()) as d:
        await d.press("d")
        assert d.screen.query_one(LettersTable).sort_column == column != "id"
        assert d.screen.query_one(LettersTable).filter.typed == "x"


@pytest.mark.parametrize(
    "facts",
    [
        {"theme": {"name": "no such theme"}},
        {"theme": {"name": True}},
        {"models": {"sort": "error", "backwards": "yes", "lifetime": "no"}},
        {"log": {"filter": True}},
        {"log": {"filter": "nonsense:key"}},
    ],
)
async def test_what_cannot_be_any_more_is_left_as_it_is(desk, facts):
    memory = ViewMemory()
    for name, about in facts.items():
        memory.remember(name, about)
    async with desk(memory=memory) as d:
        models = d.app.main.query_one(ModelsTable)
        assert models.sort_column == "model"
        d.session.apply(record(1))
        await d.shows("Models · lifetime", "polls.question")


async def test_trouble_with_the_file_is_said_and_the_console_runs(desk, memory, tmp_path):
    (tmp_path / "view.json").write_text("{")
    async with desk(memory=memory()) as d:
        await d.shows("Your view is not remembered (--reset-view removes the file)")
        await d.press("f")
        await d.shows("FROZEN", gone="Your view")


def test_a_user_s_own_console_in_a_terminal(tmp_path):
    log = tmp_path / "oplog.log"
    log.write_bytes(question(1))
    for arguments, scope, press in (
        ([], "Models · lifetime", "t"),
        ([], "Models · session", ""),
        (["--reset-view"], "Models · lifetime", ""),
    ):
        with Terminal(tmp_path, log, *arguments) as terminal:
            terminal.until("✓ CAUGHT UP", scope)
            terminal.press(*press, "q")
            assert terminal.ended() == 0
