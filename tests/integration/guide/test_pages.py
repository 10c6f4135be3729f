"""The guide names everything that can be set, typed or met, and reads well wherever it is read."""

import argparse
import dataclasses
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from django.core.management import find_commands, load_command_class
from django.core.management.base import BaseCommand
from textual.app import App
from textual.selection import SELECT_ALL

import tui_ingest
from tests.tui.scripted import until
from tui_ingest import cli, conf
from tui_ingest.ingest.events import EventKind, State
from tui_ingest.ingest.reasons import Reason
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import MalformedReason
from tui_ingest.recorder import conf as recorder_conf
from tui_ingest.streams import cli as streams_cli
from tui_ingest.tui.keys import default_keys
from tui_ingest.tui.screens.help import PAGES as HELP_PAGES
from tui_ingest.tui.screens.help import HelpScreen
from tui_ingest.tui.widgets.guide_page import GuidePage, PageTitles

PACKAGE = Path(tui_ingest.__file__).parent
ROOT = PACKAGE.parent
GUIDE = PACKAGE / "guide"
PAGES = sorted(GUIDE.glob("*.md"))
# On a forge, pages of the guide and those that lead there.
ON_A_FORGE = [*PAGES, ROOT / "README.md", *(ROOT / ".github").glob("*.md")]
COMMANDS = {
    name: folder.parent.name
    for folder in PACKAGE.rglob("management")
    for name in find_commands(str(folder))
}
CHECK_ID = re.compile(r"\btui_ingest\w*\.[EWI]\d{3}\b")


def page(name):
    return (GUIDE / f"{name}.md").read_text(encoding="utf-8")


def named(name):
    """What a page has between backquotes, or in indented code, word by word."""
    text = page(name)
    marked = re.findall(r"`([^`]+)`", text) + re.findall(r"^    (.*)$", text, re.MULTILINE)
    return {word for piece in marked for word in re.findall(r"[\w.-]+", piece)}


def everything(name, known):
    """Assert that a page names all of these."""
    assert not sorted(set(known) - named(name)), f"{name}.md does not name these"


def keys_of(settings):
    return [field.name.upper() for field in dataclasses.fields(settings)]


def test_every_setting():
    headings = re.findall(r"^### ([A-Z_]+)$", page("settings"), re.MULTILINE)
    assert sorted(headings) == sorted(keys_of(conf.Settings))
    everything("source", keys_of(recorder_conf.RecorderSettings))


def test_every_key_of_the_console():
    everything("settings", default_keys())


def test_every_check_and_no_other():
    pages = page("settings") + page("source")
    raised = set()
    for module in PACKAGE.rglob("*.py"):
        raised |= set(CHECK_ID.findall(module.read_text(encoding="utf-8")))
    assert set(CHECK_ID.findall(pages)) == raised


def test_every_reason():
    everything("operating", [*Reason, *MalformedReason])


def test_every_kind_of_event():
    everything("operating", EventKind)


def test_every_state():
    everything("operating", State)


def test_every_status_of_a_dead_letter():
    everything("commands", DeadLetter.Status.values)


def options_of(parser):
    """All options of a parser, and of its actions' parsers."""
    for action in parser._actions:
        yield from (option for option in action.option_strings if option.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield name
                yield from options_of(below)


def test_every_option_of_the_program():
    everything("commands", options_of(cli._parser()))


def test_every_action_and_option_of_the_command_for_streams():
    everything("streams", set(options_of(streams_cli.parser())) - {"--help"})


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_its_options(name):
    app = "tui_ingest" if COMMANDS[name] == "tui_ingest" else f"tui_ingest.{COMMANDS[name]}"
    where = "source" if COMMANDS[name] == "recorder" else "commands"
    command = load_command_class(app, name)
    django_s = set(options_of(BaseCommand().create_parser("manage.py", "any")))
    of_it = set(options_of(command.create_parser("manage.py", name))) - django_s
    everything(where, {name} | of_it)


def typed(path):
    """Every command of a project that a page has in its code: name and arguments.

    Of alternatives each is one, what may be left out is, and comments are no part of it.
    """
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for code in re.findall(r"`([^`\n]+)`|^    (.*)$", text, re.MULTILINE):
        for found in re.findall(rf"\b(?:{'|'.join(COMMANDS)}) .*", "".join(code)):
            whole = re.sub(r" \[[^]]*\]", "", re.split("  +| [>#] ", found)[0])
            *before, last = whole.split(" | ")
            head, *options = [*(" ".join(before).rsplit(" ", len(before)) if before else ()), last]
            for option in options or [""]:
                name, *arguments = shlex.split(f"{head} {option}".replace("…", ""))
                yield name, [{"ID": "1", "SECONDS": "1"}.get(word, word) for word in arguments]


@pytest.mark.parametrize("path", ON_A_FORGE, ids=lambda path: path.name)
def test_every_command_can_be_typed_as_it_is_written(path):
    for name, arguments in typed(path):
        app = "tui_ingest" if COMMANDS[name] == "tui_ingest" else f"tui_ingest.{COMMANDS[name]}"
        load_command_class(app, name).create_parser("manage.py", name).parse_args(arguments)


@pytest.mark.parametrize("path", ON_A_FORGE, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        found = path.parent / file if file else path
        assert found.exists(), target
        if path.parent == GUIDE:
            assert found.parent == GUIDE, f"{target} is not in the package"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in headings}
            assert anchor in slugs, target


def test_every_page_is_linked_from_readme_and_from_the_first_page():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in PAGES:
        assert f"(tui_ingest/guide/{path.name})" in readme
        assert path.name == "start.md" or f"({path.name})" in page("start")


def shown(screen):
    """The page that is open, all of it."""
    text, _ = screen.query_one(GuidePage).get_selection(SELECT_ALL)
    return text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
async def test_a_page_fits_the_smallest_screen(path):
    text = path.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    prose = re.sub(r"`[^`]*`|^    .*$", "", text, flags=re.MULTILINE)
    assert not re.search(r"</?[a-z]+[ >/]|!\[", prose), "HTML and pictures are not shown there"

    class Shown(App):
        CSS_PATH = PACKAGE / "tui" / "console.tcss"

        def get_css_variables(self):
            return {**super().get_css_variables(), "text-quiet": "white"}

        def on_mount(self):
            self.push_screen(HelpScreen([], lambda key: key))

    async with Shown().run_test(size=(80, 24)) as pilot:
        pilot.app.screen.query_one(PageTitles).page = 1 + list(HELP_PAGES).index(path.stem)
        await until(pilot, lambda: shown(pilot.app.screen).split("\n")[0].strip() == title)
        drawn = shown(pilot.app.screen)
        for code in re.findall(r"^    (.*)$", text, re.MULTILINE):
            assert code.strip() in drawn, f"a line of code is cut off: {code}"
        assert drawn.count("…") == text.count("…"), "a column of a table is cut off"


def test_the_map_of_the_house_has_every_room_and_no_other():
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {path.parent.relative_to(PACKAGE) for path in PACKAGE.glob("*/__init__.py")}
    for room in rooms - {Path("migrations")}:
        assert f"`tui_ingest/{room}/`" in text or f"`{room}/`" in text, f"{room} is not on the map"
    for named_path in re.findall(r"`([\w./]+(?:/|\.py|\.md))`", text):
        places = (ROOT, PACKAGE, PACKAGE / "ingest", ROOT / ".github")
        known = any((place / named_path).exists() for place in places)
        known = known or ("/" not in named_path and any(PACKAGE.rglob(named_path)))
        # Steps of a journey are named from the folder of the one before.
        assert known or any(PACKAGE.rglob(f"*/{named_path}")), f"{named_path} is not there"


def test_every_contract_that_contributors_are_told_of():
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = [
        name for line in re.findall(r"Contracts?: (.*)", text) for name in line.split('"')[1::2]
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [contract["name"] for contract in project["tool"]["importlinter"]["contracts"]]
    assert told
    assert not set(told) - set(names)


def test_the_index_of_stages_has_every_one_and_no_other():
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    for module in (ROOT / "tests" / "support").glob("[a-z]*.py"):
        assert f"`support/{module.name}`" in text, f"{module.name} is not in the index"
    for path in re.findall(r"`(\w+/[\w./]*)`", text):
        assert (ROOT / "tests" / path).exists() or (ROOT / path).exists(), path
