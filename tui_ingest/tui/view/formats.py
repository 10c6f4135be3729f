"""Times and columns as the console shows them; what every screen shares is in `words.numbers`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePath

from rich.cells import cell_len, set_cell_size

from tui_ingest.oplog.addresses import is_stream

STAMP_CELLS = 26  # of `date_and_time` with any zone, and a space


def count(number: int) -> str:
    """Return 10,231."""
    return f"{number:,}"


def countdown(seconds: float) -> str:
    """Return 0:33 or 1:02:05, for a time that runs down."""
    whole = max(0, round(seconds))
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def time_of_day(timestamp: float | None) -> str:
    """Return HH:MM:SS on this machine's clock; dashes for a time that no calendar has."""
    return _written(timestamp, "%H:%M:%S", "--:--:--")


def date_and_time(timestamp: float | None) -> str:
    """Return YYYY-MM-DD HH:MM:SS and this machine's time zone."""
    return _written(timestamp, "%Y-%m-%d %H:%M:%S %Z", "unknown")


def day_and_time(timestamp: float | None) -> str:
    """Return 30 Nov 15:02 and this machine's time zone, for a column of times that are not old."""
    return _written(timestamp, "%d %b %H:%M %Z", "unknown")


def zone(timestamp: float | None) -> str:
    """Return this machine's time zone at a time: CET, CEST; "" for one that no calendar has."""
    return _written(timestamp, "%Z", "")


def moment(timestamp: float, now: float) -> str:
    """Return the time of day and the zone, with the date if that is not today's."""
    then, today = _moment(timestamp), _moment(now)
    if then and today and then.date() == today.date():
        return then.strftime("%H:%M:%S %Z")
    return then.strftime("%Y-%m-%d %H:%M:%S %Z") if then else "--:--:--"


def short_moment(timestamp: float | None, now: float) -> str:
    """Return the time of day, or of another day the date; a dash for a time that is not known."""
    then, today = _moment(timestamp), _moment(now)
    if then is None:
        return "–"
    return then.strftime("%H:%M:%S" if today and then.date() == today.date() else "%d %b")


def fit(text: str, width: int, *, align: str = "left") -> str:
    """Return `text` in exactly `width` terminal cells, cut with '…' if it is longer."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    padding = " " * (width - length)
    return padding + text if align == "right" else text + padding


def from_here(path: str) -> str:
    """Return a path as somebody in the current folder would type it, if it is below that."""
    try:
        return str(PurePath(path).relative_to(Path.cwd()))
    except (ValueError, OSError):  # it is elsewhere, or the folder is gone
        return path


def log_name(path: str) -> str:
    """Return what people call the log of a path, which may be the address of a stream."""
    return path if is_stream(path) else from_here(path)


def shorten_start(text: str, width: int) -> str:
    """Return the end of `text` in at most `width` cells: of a path, the end tells most."""
    if cell_len(text) <= width:
        return text
    text = text[-width:] if width > 0 else ""
    while text and cell_len(text) >= width:
        text = text[1:]
    return f"…{text}" if width > 0 else ""


def shorten_middle(text: str, width: int) -> str:
    """Return both ends of `text` in at most `width` cells: names that begin alike end otherwise."""
    if cell_len(text) <= width:
        return text
    head = max(0, width // 3)
    return set_cell_size(text, head) + shorten_start(text, width - head)


def shorten_label(label: str, width: int) -> str:
    """Return `app_label.model` in at most `width` cells; the model is the last to be cut."""
    app, dot, model = label.rpartition(".")
    room = width - cell_len(model) - 2  # for the start of the app's name
    if cell_len(label) <= width or not dot or room < -1:
        return shorten_middle(label, width)
    return f"{set_cell_size(app, room)}….{model}" if room > 0 else f"…{model}"


def subject(label: str, key: str, width: int) -> str:
    """Return a model's label and a key in at most `width` cells; the key is the last to be cut."""
    key = f" {key}" if key else ""
    if cell_len(label) + cell_len(key) > width:
        key = shorten_middle(key, max(width * 2 // 3, width - cell_len(label)))
        label = shorten_label(label, width - cell_len(key))
    return label + key


def _written(timestamp: float | None, form: str, otherwise: str) -> str:
    moment = _moment(timestamp)
    return moment.strftime(form) if moment else otherwise


def _moment(timestamp: float | None) -> datetime | None:
    if timestamp is None:
        return None
    try:
        return datetime.fromtimestamp(timestamp).astimezone()
    except (OverflowError, ValueError, OSError):
        return None
