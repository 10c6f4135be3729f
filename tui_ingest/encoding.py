"""Values of rows as JSON has them."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


class RowEncoder(DjangoJSONEncoder):
    """Django's encoder cuts times to milliseconds; the database keeps microseconds."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime.datetime | datetime.time):
            return o.isoformat().replace("+00:00", "Z")
        return super().default(o)
