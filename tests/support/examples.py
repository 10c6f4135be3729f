"""How many examples are drawn: few in the gate, many where somebody has the time."""

from hypothesis import settings


def examples(few, many):
    """So many in the gate, and with `--hypothesis-profile=others`."""
    return few if settings.default.derandomize else many
