"""Colours that can be read on what they stand on, whichever theme somebody likes."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color

CONTRAST = 4.5  # at least, as WCAG's level AA asks of text
STEP = 0.05  # by which a colour is moved away from its ground
QUIET = 0.6  # of the foreground, where that can be read
_TEXTS = ("text-success", "text-warning", "text-error", "text-accent")


def legible(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what a theme lacks: its colours of texts where they are too pale, and a quiet one.

    Args:
        variables: of the theme, without their `$`.
    """
    grounds = [Color.parse(variables[name]) for name in ("background", "panel")]
    foreground = Color.parse(variables["foreground"])
    if any(color.ansi is not None for color in (*grounds, foreground)):  # the terminal's own
        return {"text-quiet": "ansi_bright_black"}
    quiet = grounds[0].blend(foreground, QUIET)
    texts = {name: Color.parse(variables[name]) for name in _TEXTS} | {"text-quiet": quiet}
    return {name: _readable(color, grounds).hex for name, color in texts.items()}


def _readable(color: Color, grounds: list[Color]) -> Color:
    """Return a colour, moved towards black or white as far as it has to be."""
    away = grounds[0].get_contrast_text(1.0)
    steps = (color.blend(away, step * STEP) for step in range(round(1 / STEP)))
    return next((one for one in steps if contrast(one, grounds) >= CONTRAST), away)


def contrast(color: Color, grounds: list[Color]) -> float:
    """Return the contrast to the ground that is nearest, from 1 to 21."""
    return min(_ratio(_luminance(color), _luminance(ground)) for ground in grounds)


def _ratio(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def _luminance(color: Color) -> float:
    linear = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    )
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
