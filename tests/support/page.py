"""The guide's page 'When something is wrong', to be followed word by word.

The indented block under a heading begins with what is on the screen. After each `$` comes a command
and lines of its output. In both, `…` stands for anything.
"""

import re
import shlex
from pathlib import Path

from tests.support.site import run

PAGE = Path(__file__).parents[2] / "tui_ingest" / "guide" / "operating.md"
PROGRAMS = {"python": (), "tui-ingest": ("-m", "tui_ingest")}
STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")
CONTINUED = re.compile(r" \\\n *")  # a command goes on in the next line
BLOCK = re.compile(r"(?:^    .*\n)+", re.MULTILINE)


class Situation:
    """One heading of the page.

    Attributes:
        screen: what the console shows, as texts that are there whole.
        settings: blocks that are neither screen nor command, as text.
    """

    def __init__(self, heading, **instead):
        """Take a heading; `instead` maps names to pairs of what the page says and the test has."""
        text = _section(
            _section(PAGE.read_text(encoding="utf-8"), "## When something is wrong"),
            f"### {heading}",
        )
        for said, meant in instead.values():
            text = text.replace(said, meant)
        self._text = " ".join(line.strip() for line in text.splitlines())
        screen, *blocks = [_unindented(block) for block in BLOCK.findall(text)]
        shown, dollar, rest = screen.partition("$ ")
        self.screen = [part.strip() for part in re.split("[…\n]", shown) if part.strip()]
        self.settings = [block for block in blocks if not block.startswith("$ ")]
        scripts = [dollar + rest, *(block for block in blocks if block.startswith("$ "))]
        self._commands = [
            Command(*command.splitlines())
            for script in scripts
            for command in script.removeprefix("$ ").split("\n$ ")
        ]

    def quotes(self, *texts):
        """Return words of the program that the page has, marked as such."""
        for text in texts:
            assert f"`{text}`" in self._text, f"the guide does not say {text!r}"
        return texts

    def command(self):
        """Return the page's next command."""
        return self._commands.pop(0)

    def follow(self, folder, *, status=0):
        """Type the next command in a project's folder and find what the page promises."""
        command = self.command()
        finished = run(*command.arguments, folder=folder)
        assert finished.returncode == status, finished.stdout + finished.stderr
        command.check(finished.stdout + finished.stderr)
        return finished.stdout

    @property
    def done(self):
        """Whether every command of the page was typed."""
        return not self._commands


class Command:
    """A command of the page and what it promises to say."""

    def __init__(self, typed, *promised):
        program, *arguments = shlex.split(typed)
        self.arguments = [*PROGRAMS[program], *arguments]
        self._promised = promised

    def check(self, output):
        """Find the promised lines, in their order."""
        said = iter([STAMP.sub("", line) for line in output.splitlines()])
        for line in self._promised:
            pattern = ".*".join(map(re.escape, line.split("…")))
            assert any(re.fullmatch(pattern, one) for one in said), f"not said: {line}\n{output}"


def _section(text, heading):
    level = heading.partition(" ")[0]
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"the guide has no {heading!r}"
    return rest.partition(f"\n{level} ")[0]


def _unindented(block):
    text = "\n".join(line[4:] for line in block.splitlines())
    return CONTINUED.sub(" ", text)
