"""The man page is made from the guide, and says all that the program can do."""

import re
import runpy
from pathlib import Path

import pytest

import tui_ingest
from tests.integration.guide.test_pages import options_of
from tui_ingest import cli

ROOT = Path(tui_ingest.__file__).parent.parent
KNOWN = {"TH", "SH", "SS", "PP", "IP", "TP", "RS", "RE", "nf", "fi", "br", "B", "I", "RI", "IR"}


@pytest.fixture(scope="module")
def page():
    return runpy.run_path(str(ROOT / ".ci" / "man_page.py"))["man_page"]()


def text_of(page):
    """What a reader has of it, without fonts and escapes."""
    plain = re.sub(r"\\f[BIR]|\\&", "", page)
    return plain.replace("\\-", "-").replace("\\e", "\\")


def test_it_has_every_option_and_every_example(page):
    text = text_of(page)
    for option in options_of(cli._parser()):
        assert option in text
    for line in cli.EPILOG.partition("\n\n")[0].splitlines()[1:]:
        assert line.strip() in text


def test_it_has_the_sections_that_readers_look_for(page):
    sections = re.findall(r"^\.SH (.*)$", page, re.MULTILINE)
    assert sections[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    assert sections[-3:] == ["EXAMPLES", "ENVIRONMENT", "SEE ALSO"]
    assert "INGEST_HISTORY" in sections
    assert "TUI_INGEST_DEMO_DB" in page


def test_nothing_of_markdown_and_nothing_that_roff_would_act_on_is_left(page):
    for line in page.splitlines():
        if line.startswith((".", "'")):
            assert line.startswith('.\\"') or line[1:].split()[0] in KNOWN, line
        assert not re.search(r"`|\*\*|\]\(|^\||^#", line), line


def test_what_would_be_an_escape_or_a_hyphen_of_roff_is_what_it_says(page):
    for line in page.splitlines():
        if not line.startswith("."):
            assert not re.search(r"(?<!\\)-", line), line
            assert not re.search(r"\\(?![-&e]|f[BIR])", line), line
