"""A place in the log, as an operator types it."""

from __future__ import annotations

import math
import re
from datetime import datetime, time, timedelta

from tui_ingest.oplog.log import FromPosition, FromStart, FromTime, StartPoint


def parse_place(text: str) -> StartPoint:
    """Return the place that was meant.

    A whole number is a byte of the active file, or a message of a stream. A number with a point,
    as records begin with, is a time; so is `@1698395500`, and an ISO date, in this machine's time
    zone if it names none. 15:00 is the latest one that has been.

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
    if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text):
        return FromTime(_latest(text if text[1] != ":" else f"0{text}", text))
    try:
        return FromTime(datetime.fromisoformat(text).astimezone().timestamp())
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{text!r} is no place in the log. Type a number, 2023-10-27 10:18, @1698395500,"
            " or start."
        ) from error


def _latest(text: str, typed: str) -> float:
    """Return when it was last so late: today, or yesterday if that is still to come."""
    now = datetime.now().astimezone()
    try:
        # Without its zone again: another day may have another one.
        then = datetime.combine(now.date(), time.fromisoformat(text))
    except ValueError as error:
        raise ValueError(f"{typed!r} is no place in the log: no day has that time.") from error
    if then.astimezone() > now:
        then -= timedelta(days=1)
    return then.astimezone().timestamp()
