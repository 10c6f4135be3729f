"""Whatever theme somebody likes, what is written can be read."""

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from tui_ingest.tui.legible import CONTRAST, contrast, legible


@pytest.mark.parametrize("name", [name for name in BUILTIN_THEMES if "ansi" not in name])
def test_every_text_stands_out_from_its_ground(name):
    theme = BUILTIN_THEMES[name]
    variables = theme.to_color_system().generate() | theme.variables
    grounds = [Color.parse(variables[ground]) for ground in ("background", "panel")]
    found = legible(variables)
    assert {"text-success", "text-warning", "text-error", "text-accent", "text-quiet"} == {*found}
    for text, color in found.items():
        assert contrast(Color.parse(color), grounds) >= CONTRAST - 0.1, text
