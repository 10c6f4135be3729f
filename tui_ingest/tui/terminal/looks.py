"""How a cell looks, and the shortest sequence that leads from one look to another."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style

_EXTENDED = {"2": 5, "5": 3}  # parameters of a colour: 38;2;r;g;b and 38;5;n
_MARKS = {"4", "7", "9", "21", "51", "52", "53"}  # what is seen of a space, too


class Look(NamedTuple):
    """What a terminal is told of a cell besides its text, as parameters of SGR."""

    attributes: str
    foreground: str | None  # None if that is not seen
    background: str
    is_marked: bool  # whether a space shows it


PLAIN = Look("", "39", "49", is_marked=False)
RESET = "\x1b[0m"


def look_of(style: Style | None, colors: ColorSystem) -> Look:
    """Return the look of a text; one object for one look."""
    if style is None:
        return PLAIN
    if style.link:  # a sequence of its own, which the console does not use
        style = style.update_link(None)
    return _parsed(style.render(" ", color_system=colors).partition("m")[0].strip("\x1b[ "))


@cache
def _parsed(codes: str) -> Look:
    if not codes:
        return PLAIN
    attributes, foreground, background = [], "39", "49"
    left = codes.split(";")
    while left:
        code = left[0]
        length = _EXTENDED.get(left[1], 1) if code in {"38", "48"} else 1
        parameter = ";".join(left[:length])
        del left[:length]
        number = int(code)
        if 30 <= number <= 39 or 90 <= number <= 97:
            foreground = parameter
        elif 40 <= number <= 49 or 100 <= number <= 107:
            background = parameter
        else:
            attributes.append(code)
    is_marked = not _MARKS.isdisjoint(attributes)
    return Look(";".join(attributes), foreground, background, is_marked)


@cache
def of_blank(look: Look) -> Look:
    """Return the look of a space: of most, only the background is seen."""
    return look if look.is_marked else Look("", None, look.background, is_marked=False)


class Pen:
    """Knows how a terminal draws that was reset, and was sent what `change` has returned since."""

    def __init__(self) -> None:
        self._look = PLAIN

    def change(self, look: Look) -> str:
        """Return what has the terminal draw like this."""
        sequence, self._look = _change(self._look, look)
        return sequence


@cache
def _change(now: Look, then: Look) -> tuple[str, Look]:
    """Return the sequence that leads to a look, and how is drawn after that."""
    codes = []
    if then.foreground is None and not now.is_marked:
        then = now._replace(background=then.background)
    elif now.attributes and now.attributes != then.attributes:
        codes, now = ["0"], PLAIN
    then = then._replace(foreground=then.foreground or now.foreground)
    if then.attributes != now.attributes:
        codes.append(then.attributes)
    codes += [str(own) for own, before in zip(then[1:3], now[1:3], strict=True) if own != before]
    return (f"\x1b[{';'.join(codes)}m" if codes else ""), then
