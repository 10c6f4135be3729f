"""Which logs there are in a stream: every subject is one."""

from __future__ import annotations

from tui_ingest.streams.addresses import Access, parse_address
from tui_ingest.streams.broker import Broker


def logs_at(pattern: str, access: Access) -> list[str]:
    """Return the addresses of the subjects that a pattern names, as far as they have messages.

    Args:
        pattern: an address with `*` or `>` in its subject, as the broker understands them.
        access: how to be let in.

    Raises:
        LogUnavailableError: no broker answers, or there is no such stream; why.
        LogError: it is no address.
    """
    address = parse_address(pattern, is_pattern=True)
    broker = Broker(address, access)
    try:
        info = broker.api(f"STREAM.INFO.{address.stream}", {"subjects_filter": address.subject})
    finally:
        broker.close()
    before = pattern.removesuffix(address.subject)
    return sorted(before + subject for subject in info["state"].get("subjects") or ())
