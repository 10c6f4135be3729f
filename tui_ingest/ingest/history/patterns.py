"""What a line must have in it to speak of a row: looked for before anything is parsed.

A pattern may be in lines that do not speak of the row, but must be in every line that does,
whatever wrote it: JSON has many ways to write a value. Where nothing shorter is certain, it is the
name of the model, and all of the model's records are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.db.models import (
    CharField,
    CompositePrimaryKey,
    ForeignKey,
    IntegerField,
    TextField,
    UUIDField,
)

from tui_ingest.ingest.model_fields import AnyField

_NODE_DIGITS = 12  # that every way of writing a UUID ends with, whatever hyphens it has
_SHORT_ESCAPES = {
    '"': rb"\\\"",
    "\\": rb"\\\\",
    "/": rb"\\/",
    "\b": rb"\\b",
    "\f": rb"\\f",
    "\n": rb"\\n",
    "\r": rb"\\r",
    "\t": rb"\\t",
}


def of_models(labels: Collection[str]) -> re.Pattern[bytes]:
    """Return what is in every line that names one of some models."""
    names = b"|".join(re.escape(label).encode() for label in sorted(labels))
    return re.compile(rb'"model"\s*:\s*"(?i:%b)"' % names)


def of_text(text: str) -> bytes | None:
    """Return the pattern of what is in every line with a text in it, in capitals or not.

    None if that is not certain: only letters, digits and hyphens are written alike everywhere but
    for their case and JSON's escapes.
    """
    longest = max(re.findall(r"[\w-]+", text), key=len, default="")
    return b"(?i:%b)" % b"".join(map(_in_any_case, longest)) if longest else None


def of_key_text(text: str) -> bytes | None:
    """Return the pattern of what is in every line with an object of that key, as people type it.

    None if that is not certain: JSON has many ways to write a fraction, or a list.
    """
    if not re.fullmatch(r"[\w-]+", text):
        return None
    written = of_text(text)
    return rb'"pk"\s*:\s*"?%b' % written if written else None


def of_value(name: str, field: AnyField | None, value: Any) -> list[re.Pattern[bytes]] | None:
    """Return what is in every line in which a field has a value; None if that is not certain.

    Args:
        name: "pk", or the field's, as records have it.
        field: None: of a model that is not installed.
        value: as the field's `to_python` takes it.
    """
    if _is(field, UUIDField):
        digits = str(field.to_python(value))[-_NODE_DIGITS:] if field else ""
        return [re.compile(text.encode()) for text in sorted({digits, digits.upper()})]
    written = _written(field, value)
    if written is None:
        return None
    return [re.compile(rb'"%b"\s*:\s*%b' % (re.escape(name).encode(), written))]


def _written(field: AnyField | None, value: Any) -> bytes | None:
    """Return the pattern of a value in JSON."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    if isinstance(field, CompositePrimaryKey):
        members: list[Any] = [*field]
        parts = [_written(part, item) for part, item in zip(members, value, strict=True)]
        if None in parts:
            return None
        return rb"\[\s*%b\s*\]" % rb"\s*,\s*".join(part for part in parts if part)
    if _is(field, IntegerField):
        number = int(value)
        sign, digits = b"-" if number < 0 else b"", str(abs(number)).encode()
        return rb'"?\+?%b0*%b(?![0-9])' % (sign, digits)
    if _is(field, UUIDField):
        return rb'"[^"]*"'
    if field is None or _is(field, CharField) or _is(field, TextField):
        return rb'(?:"%b"|%b(?![0-9]))' % ((b"".join(map(_character, str(value))),) * 2)
    return None


def _is(field: AnyField | None, kind: type[AnyField]) -> bool:
    """Tell whether a field reads values as a kind of Django's own does."""
    return isinstance(field, kind) and type(field).to_python is kind.to_python


def _character(character: str) -> bytes:
    """Return the pattern of all that JSON knows to write a character."""
    if character.isascii() and character.isalnum():
        return character.encode()
    units = character.encode("utf-16-be", "surrogatepass").hex()
    escaped = b"".join(
        rb"\\u(?i:%b)" % units[at : at + 4].encode() for at in (0, 4)[: len(units) // 4]
    )
    ways = [escaped]
    if character in _SHORT_ESCAPES:
        ways.append(_SHORT_ESCAPES[character])
    if character not in '"\\':
        ways.append(re.escape(character.encode("utf-8", "surrogatepass")))
    return b"(?:%b)" % b"|".join(ways)


def _in_any_case(character: str) -> bytes:
    """Return the pattern of a character, and of the same in capitals or in small letters."""
    cases = {character, character.lower(), character.upper()}
    ways = [_character(one) for one in sorted(cases) if len(one) == 1]
    return ways[0] if len(ways) == 1 or character.isascii() else b"(?:%b)" % b"|".join(ways)
