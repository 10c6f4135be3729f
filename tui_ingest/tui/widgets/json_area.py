"""JSON to read or to edit, with its tokens told apart."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.text import Text
from textual.widgets import TextArea

_TOKENS = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))'
    r'|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)"
    r"|(?P<word>\b(?:true|false|null)\b)"
)
HIGHLIGHTED_CHARACTERS = 5_000  # of a line; the rest of a longer one stays plain


class JsonArea(TextArea):
    """A text area that colours JSON line by line, without a parser's dependency."""

    DEFAULT_CSS = """
    JsonArea {
        & .json--key { color: $text-primary; }
        & .json--string { color: $text-success; }
        & .json--number { color: $text-warning; }
        & .json--word { color: $text-accent; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"json--{kind}" for kind in _TOKENS.groupindex}

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        for token in _TOKENS.finditer(line.plain[:HIGHLIGHTED_CHARACTERS]):
            style = self.get_component_rich_style(f"json--{token.lastgroup}", partial=True)
            line.stylize(style, token.start(), token.end())
        return line
