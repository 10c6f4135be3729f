"""One language for every list: `op:save -model:polls pk:101 reason:missing time:15:0 some text`.

Which keys a list has, and what each means for one of its rows, is its vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tui_ingest.tui.view import formats

T = TypeVar("T")

# A minus sign, a key, and a value, which may be quoted.
_TERM = re.compile(r'(?P<minus>-?)(?:(?P<key>[a-z_]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S*))')


@dataclass(frozen=True, kw_only=True)
class Vocabulary(Generic[T]):
    """What can be asked of the rows of one kind of list. Values come in lower case."""

    text: Callable[[T], str]  # everything that text is looked for in
    keys: Mapping[str, Callable[[T, str], bool]]
    words: Mapping[str, Callable[[T], bool]] = field(default_factory=dict)

    @property
    def hint(self) -> str:
        """What can be typed."""
        return "  ".join(["text", *(f"{key}:" for key in self.keys), *self.words, "-not"])


@dataclass(frozen=True)
class Filter(Generic[T]):
    """All terms must match, or none of those with a minus sign.

    Attributes:
        typed: as the operator typed it.
        unknown: what this list has no key for, in words; then nothing matches.
        wanted: what must be so: keys ("" for text), and values in lower case.
    """

    typed: str = ""
    unknown: str = ""
    terms: tuple[Callable[[T], bool], ...] = ()
    wanted: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, typed: str, vocabulary: Vocabulary[T]) -> Filter[T]:
        """Return the filter that an operator typed, for rows of this kind."""
        typed = " ".join(typed.split())
        found = [match for match in _TERM.finditer(typed.lower()) if match.group()]
        for match in found:
            if match["key"] and match["key"] not in vocabulary.keys:
                known = " ".join(f"{key}:" for key in vocabulary.keys)
                return cls(typed, f'no key "{match["key"]}:" here; {known} or "quoted: text"')
        wanted = tuple(
            (match["key"] or "", _value(match))
            for match in found
            if not match["minus"] and _value(match) and not _is_word(match, vocabulary)
        )
        return cls(typed, "", tuple(_term(match, vocabulary) for match in found), wanted)

    def __bool__(self) -> bool:
        return bool(self.typed)

    def asked(self, key: str) -> str:
        """Return the first value that is asked of a key, as it was typed; "" if none is."""
        for match in _TERM.finditer(self.typed):
            if match["key"] == key and not match["minus"]:
                return _value(match)
        return ""

    def matches(self, row: T) -> bool:
        """Tell whether to show a row."""
        return not self.unknown and all(term(row) for term in self.terms)


def _term(match: re.Match[str], vocabulary: Vocabulary[T]) -> Callable[[T], bool]:
    value = _value(match)
    wanted = not match["minus"]
    if not match["key"] and not value:  # a minus sign alone: what it is about comes next
        return lambda _: True
    if match["key"]:
        asks = vocabulary.keys[match["key"]]
        return lambda row: not value or asks(row, value) is wanted
    if _is_word(match, vocabulary):
        is_so = vocabulary.words[value]
        return lambda row: is_so(row) is wanted
    return lambda row: (value in vocabulary.text(row).lower()) is wanted


def _value(match: re.Match[str]) -> str:
    return match["plain"] if match["quoted"] is None else match["quoted"]


def _is_word(match: re.Match[str], vocabulary: Vocabulary[T]) -> bool:
    return not match["key"] and match["quoted"] is None and match["plain"] in vocabulary.words


def is_time(timestamp: float | None, value: str) -> bool:
    """Tell whether a time begins so, with its date (2023-11-14, …t22:13) or without (22:1)."""
    date, _, time = formats.date_and_time(timestamp).partition(" ")
    return f"{date}t{time}".startswith(value) or time.startswith(value)
