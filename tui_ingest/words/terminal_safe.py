"""Text that came out of a log, made fit for a terminal. What a record contains is data."""

from __future__ import annotations

import re

# Control characters (C0, DEL, C1: all that can begin a terminal escape), characters that turn
# the direction of text or cannot be seen (and of whose width no two terminals think alike), line
# separators, and halves of surrogate pairs, which no terminal's encoding can carry.
_CLASS = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSAFE = re.compile(f"[{_CLASS}]")
_UNSAFE_BUT_LINE_FEEDS = re.compile(rf"(?!\n)[{_CLASS}]")


def terminal_safe(text: str, *, lines: bool = False) -> str:
    r"""Return `text` with every character that acts on a terminal written as an escape.

    Args:
        text: anything. ESC becomes `\x1b`, a right-to-left override `\u202e`.
        lines: keep line feeds.
    """
    return (_UNSAFE_BUT_LINE_FEEDS if lines else _UNSAFE).sub(_escaped, text)


def terminal_safe_json(text: str) -> str:
    r"""Return JSON with such characters written as JSON writes them: `\u001b`.

    It means the same. In JSON they stand in strings only.
    """
    return _UNSAFE_BUT_LINE_FEEDS.sub(_json_escaped, text)


def _json_escaped(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(match.group(), f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
