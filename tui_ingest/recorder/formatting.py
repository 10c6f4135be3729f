"""The text of a record: `<epoch> SAVE|DELETE <json list>`."""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import Sequence
from typing import Any


class OplogFormatter(logging.Formatter):
    """Puts the time before the message, in seconds since the epoch with six decimals."""

    def __init__(self) -> None:
        super().__init__("%(created)f %(message)s")


def to_json(objects: Sequence[dict[str, Any]]) -> str:
    """Return serialized objects as one line of ASCII.

    ASCII because a log handler without an encoding uses its process's locale, and a record that
    cannot be encoded is lost: `logging` swallows the error.
    """
    from django.core.serializers.json import DjangoJSONEncoder

    class Encoder(DjangoJSONEncoder):
        """Django's encoder cuts times to milliseconds; the database keeps microseconds."""

        def default(self, o: Any) -> Any:
            if isinstance(o, datetime.datetime | datetime.time):
                return o.isoformat().replace("+00:00", "Z")
            return super().default(o)

    return json.dumps(objects, cls=Encoder, ensure_ascii=True)
