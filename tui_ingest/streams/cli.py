"""The command `tui-ingest-stream`: forward, create, check, trim. It needs no Django."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tui_ingest.completion import add_completion
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import LogError
from tui_ingest.streams.addresses import EXAMPLE, Access, StreamAddress, parse_address
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.forwarding import Forwarder
from tui_ingest.streams.upkeep import (
    RESERVE,
    applied_by_all,
    create,
    info_of,
    problems,
    trim,
    verify_durability,
)

DONE, FATAL, USAGE = 0, 1, 2  # exit statuses, as of `tui-ingest`

EPILOG = """\
Examples:
  tui-ingest-stream create nats://broker/OPLOG/oplog.site-a
  tui-ingest-stream check nats://broker/OPLOG/oplog.site-a
  tui-ingest-stream forward oplog.log nats://broker/OPLOG/oplog.site-a

Who is let in is never part of the address: NATS_CREDS names a credentials file,
NATS_CA the certificates to trust, NATS_URL the brokers if the address names
none, and NATS_MONITOR the brokers' monitoring ports, by which it is verified
that they write to the disk before they acknowledge.

Exit status: 0 done; 1 it could not go on, or `check` found something; 2 usage.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parser().parse_args(argv)
    try:
        address, access = parse_address(options.url), Access.of({})
        run: Callable[[argparse.Namespace, StreamAddress, Access], int] = options.run
        return run(options, address, access)
    except (LogError, OSError) as error:
        _say(str(error))
        return FATAL
    except KeyboardInterrupt:
        return FATAL


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    top = argparse.ArgumentParser(
        prog="tui-ingest-stream",
        description="Logs as streams of NATS JetStream: one subject for what one site writes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_completion(top)
    actions = top.add_subparsers(metavar="ACTION", required=True)

    forward = actions.add_parser("forward", help="send a log that others write, and follow it")
    forward.add_argument("file", metavar="FILE", type=Path, help="the log, a file")
    forward.add_argument("--once", action="store_true", help="end at the end of the log")
    forward.add_argument(
        "--poll", metavar="SECONDS", type=float, help="look at the log this often (network mounts)"
    )
    forward.add_argument("--olddir", metavar="DIR", help="where rotated files are, too")
    forward.set_defaults(run=_forward)

    making = actions.add_parser("create", help="make the stream, with the right settings")
    making.add_argument(
        "--subjects", default="oplog.>", help="what it takes, with commas (default: %(default)s)"
    )
    making.add_argument(
        "--replicas", type=int, choices=(1, 3), default=3, help="brokers that have it (default: 3)"
    )
    making.add_argument(
        "--max-bytes", type=int, help="when it has so many, it takes no more; default: disk full"
    )
    making.set_defaults(run=_create)

    checking = actions.add_parser("check", help="say what is wrong with the stream")
    checking.set_defaults(run=_check)

    trimming = actions.add_parser("trim", help="remove what every target has applied")
    trimming.add_argument(
        "--reserve",
        type=int,
        default=RESERVE,
        help="messages that stay although they were applied (default: %(default)s)",
    )
    trimming.add_argument(
        "--status",
        metavar="FILE",
        action="append",
        required=True,
        help="what `manage.py ingest_status --json` printed, of each target one; - is the input",
    )
    trimming.set_defaults(run=_trim)

    for action in (forward, making, checking, trimming):
        action.add_argument("url", metavar="URL", help=EXAMPLE)
    return top


def _forward(options: argparse.Namespace, address: StreamAddress, access: Access) -> int:
    for unknown in verify_durability(access.monitors):
        _say(unknown)
    log = FileLog(options.file, poll_seconds=options.poll, olddir=options.olddir)
    forwarder = Forwarder(log, address, access, say=_say)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: forwarder.stop())
    forwarder.run(once=options.once)
    return DONE


def _create(options: argparse.Namespace, address: StreamAddress, access: Access) -> int:
    subjects, most = options.subjects.split(","), options.max_bytes
    with contextlib.closing(Broker(address, access)) as broker:
        made = create(broker, subjects, replicas=options.replicas, max_bytes=most)
    sys.stdout.write(f"{made['name']}: {', '.join(made['subjects'])}, {made['num_replicas']}x\n")
    return DONE


def _check(_: argparse.Namespace, address: StreamAddress, access: Access) -> int:
    with contextlib.closing(Broker(address, access)) as broker:
        found = [*problems(broker, info_of(broker))]
    try:
        for unknown in verify_durability(access.monitors):
            _say(unknown)
    except LogError as error:
        found.append(str(error))
    sys.stdout.write("\n".join(found or ["nothing is wrong"]) + "\n")
    return FATAL if found else DONE


def _trim(options: argparse.Namespace, address: StreamAddress, access: Access) -> int:
    statuses = [
        sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        for name in options.status
    ]
    applied = applied_by_all(address, statuses)
    with contextlib.closing(Broker(address, access)) as broker:
        gone = trim(broker, applied, reserve=options.reserve)
    sys.stdout.write(f"{gone:,} messages removed; applied up to message {applied:,}\n")
    return DONE


def _say(text: str) -> None:
    sys.stderr.write(f"tui-ingest-stream: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
