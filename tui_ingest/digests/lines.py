"""What a DIGEST in a log says: so many rows of a model, with this sum, in this part of its table.

1698395500.971553 DIGEST [{"model": "polls.choice", "pk": null, "fields": {"count": 2, …}}]
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_ROW_BYTES = 8  # of each row's hash, with --rows
_SUM = re.compile("[0-9a-f]{32}")


class BadDigestError(ValueError):
    """A line that says DIGEST, and not what was digested. The message names what is missing."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Each row by itself, so that those that differ can be named. Lists of one length."""

    keys: Sequence[Any]  # primary keys at the source, as JSON holds them
    identities: Sequence[Any]  # what says which row is which; the keys, if nothing else does
    hashes: Sequence[bytes]  # the first 8 bytes of each

    @staticmethod
    def shortened(full: bytes) -> bytes:
        """Return of a row's hash what is kept here."""
        return full[:_ROW_BYTES]


@dataclass(frozen=True, kw_only=True)
class Digest:
    """Rows of one model at one moment: all that are identified by values in a range."""

    identity: str  # name of the field that says which row is which
    fields: Sequence[str]  # names of the columns and links that were summed up
    count: int  # rows
    sum: str  # 32 hex digits
    after: Any = None  # identity of the row before the first; None: from the beginning
    upto: Any = None  # identity of the last row; None: to the end
    scope: Mapping[str, Any] = field(default_factory=dict)  # field: value; only such rows
    naive: bool = False  # the source's moments have no time zone
    rows: Rows | None = None

    @property
    def is_first(self) -> bool:
        """Whether it begins with the table's first row."""
        return self.after is None

    @property
    def is_last(self) -> bool:
        """Whether it ends with the table's last row."""
        return self.upto is None

    def as_object(self, label: str) -> dict[str, Any]:
        """Return it as the object of a record."""
        fields: dict[str, Any] = {
            "identity": self.identity,
            "after": self.after,
            "upto": self.upto,
            "count": self.count,
            "sum": self.sum,
            "fields": list(self.fields),
        }
        if self.scope:
            fields["scope"] = dict(self.scope)
        if self.naive:
            fields["naive"] = True
        if self.rows is not None:
            fields["keys"] = list(self.rows.keys)
            if self.rows.identities is not self.rows.keys:
                fields["identities"] = list(self.rows.identities)
            fields["hashes"] = base64.b64encode(b"".join(self.rows.hashes)).decode()
        return {"model": label, "pk": None, "fields": fields}


def parsed(fields: Mapping[str, Any]) -> Digest:
    """Return what the fields of a DIGEST's object say.

    Raises:
        BadDigestError: they do not say it.
    """
    count, total, names = fields.get("count"), fields.get("sum"), fields.get("fields")
    identity, scope = fields.get("identity"), fields.get("scope", {})
    if type(count) is not int or count < 0:
        raise BadDigestError(f"Its count is no number of rows: {count!r}.")
    if not isinstance(total, str) or not _SUM.fullmatch(total):
        raise BadDigestError(f"Its sum is not 32 hex digits: {total!r}.")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadDigestError("Its fields are no list of names.")
    if not isinstance(identity, str):
        raise BadDigestError("It does not name the field that identifies a row.")
    if not isinstance(scope, dict):
        raise BadDigestError("Its scope is no object of fields and values.")
    return Digest(
        identity=identity,
        fields=names,
        count=count,
        sum=total,
        after=fields.get("after"),
        upto=fields.get("upto"),
        scope=scope,
        naive=fields.get("naive") is True,
        rows=_rows(fields, count),
    )


def key_line(key: Any) -> str:
    """Return a primary key as `record_changes --resend --keys` reads it from a line."""
    return json.dumps([str(part) for part in key]) if isinstance(key, list) else str(key)


def _rows(fields: Mapping[str, Any], count: int) -> Rows | None:
    if "hashes" not in fields:
        return None
    keys = fields.get("keys")
    identities = fields.get("identities", keys)
    try:
        joined = base64.b64decode(fields["hashes"], validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise BadDigestError(f"Its hashes are not base64: {error}.") from error
    if not (
        isinstance(keys, list)
        and isinstance(identities, list)
        and len(keys) == len(identities) == count
        and len(joined) == count * _ROW_BYTES
    ):
        raise BadDigestError("It names more or fewer rows than it counts.")
    hashes = [joined[start : start + _ROW_BYTES] for start in range(0, len(joined), _ROW_BYTES)]
    return Rows(keys=keys, identities=identities, hashes=hashes)
