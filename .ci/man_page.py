"""The man page: the guide's page on commands, as `man` reads it. The build puts it into the wheel.

    python .ci/man_page.py | man -l -

Of Markdown it knows what the guide uses: headings, paragraphs, lists, code, tables, links.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "tui_ingest" / "guide"

HEAD = """\
.\\" Made from the guide by .ci/man_page.py
.TH TUI\\-INGEST 1 "" "tui\\-ingest" "User Commands"
.SH NAME
tui\\-ingest \\- apply the operation log of one Django project to another
.SH SYNOPSIS
.B tui\\-ingest
.RI [ LOG ...]
[options]
.br
.B tui\\-ingest \\-\\-demo
.br
.B python manage.py
.I COMMAND
[options]
.SH DESCRIPTION
Applies an operation log in a console from which the work can be watched, paused and repaired, or
without one. In the console,
.B ?
explains what the screens show, and has the whole guide.
"""
TAIL = """\
.SH SEE ALSO
The guide: press
.B ?
in the console, or read the pages in the package's folder
.IR guide .
"""

_INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\*(?P<emphasis>[^*]+)\*"
    r"|\[(?P<label>[^\]]+)\]\([^)]*\)"
)


def man_page() -> str:
    """Return the page."""
    commands = (GUIDE / "commands.md").read_text(encoding="utf-8")
    settings = (GUIDE / "settings.md").read_text(encoding="utf-8")
    environment = settings.partition("## Environment\n")[2].partition("\n## ")[0]
    program = (ROOT / "tui_ingest" / "cli.py").read_text(encoding="utf-8")
    examples = program.partition("Examples:\n")[2].partition("\n\n")[0]
    _, _, body = commands.partition("\n")  # without the title
    found = [*_blocks(body), ".SH EXAMPLES", *_code(examples.split("\n"), indent=2)]
    found += [".SH ENVIRONMENT", *_blocks(environment)]
    return HEAD + "\n".join(found) + "\n" + TAIL


def _blocks(text: str) -> Iterator[str]:
    """Yield the lines of the page for some Markdown."""
    for block in re.split(r"\n\n+", text.strip("\n")):
        lines = block.split("\n")
        if lines[0].startswith("### "):
            yield f".SS {_inline(lines[0][4:])}"
        elif lines[0].startswith("## "):
            yield f".SH {_inline(lines[0][3:]).upper()}"
        elif lines[0].startswith("    "):
            yield from _code(lines, indent=4)
        elif lines[0].startswith("- "):
            for item in re.split(r"\n- ", block[2:]):
                yield from (".IP \\(bu 2", _line(item))
        elif lines[0].startswith("|"):
            yield from _table(lines)
        else:
            yield from (".PP", _line(block))


def _code(lines: list[str], *, indent: int) -> Iterator[str]:
    yield from (".PP", ".RS 4", ".nf", *(_plain(line[indent:]) for line in lines), ".fi", ".RE")


def _table(lines: list[str]) -> Iterator[str]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    for first, *others in rows[2:]:  # after the heading and the line below it
        yield from (".TP", f"\\fB{_inline(first)}\\fR", _line(" ".join(others)))


def _line(text: str) -> str:
    line = _inline(" ".join(text.split()))
    return f"\\&{line}" if line[:1] in (".", "'") else line


def _inline(text: str) -> str:
    """Return text with its marks, as roff has them."""
    found, end = "", 0
    for mark in _INLINE.finditer(text):
        found += _plain(text[end : mark.start()])
        if mark["code"] or mark["strong"]:
            found += f"\\fB{_plain(mark['code'] or mark['strong'])}\\fR"
        elif mark["emphasis"]:
            found += f"\\fI{_plain(mark['emphasis'])}\\fR"
        else:
            found += _plain(mark["label"])
        end = mark.end()
    return found + _plain(text[end:])


def _plain(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


if __name__ == "__main__":
    sys.stdout.write(man_page())
