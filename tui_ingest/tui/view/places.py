"""A place in the log, as an operator types it."""

from __future__ import annotations

import math
import re
from datetime import datetime

from tui_ingest.oplog.log import FromPosition, FromStart, FromTime, StartPoint


def parse_place(text: str) -> StartPoint:
    """Return the place that was meant.

    A whole number is a byte of the active file, or a message of a stream. A number with a point,
    as records begin with, is a time; so is `@1698395500`, and an ISO date, in this machine's time
    zone if it names none.

    Raises:
        ValueError: it is none of them. The message says what would be.
    """
    text = text.strip().replace(",", "")
    if text.lower() in {"start", "oldest"}:
        return FromStart()
    if re.fullmatch(r"\d{1,18}", text):
        return FromPosition(int(text))
    if re.fullmatch(r"@\d+(\.\d*)?|\d+\.\d*", text):
        timestamp = float(text.removeprefix("@"))
        if math.isfinite(timestamp):
            return FromTime(timestamp)
    try:
        return FromTime(datetime.fromisoformat(text).astimezone().timestamp())
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{text!r} is no place in the log. Type a number, 2023-10-27 10:18, @1698395500,"
            " or start."
        ) from error
