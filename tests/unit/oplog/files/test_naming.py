"""Names of rotated files: which ones are, and which of two is the older."""

import pytest

from tui_ingest.oplog.files.naming import age_order, rotated_name

# Pairs, the older one first.
IN_ORDER = [
    # RotatingFileHandler, logrotate, concurrent-log-handler
    ("oplog.log.2", "oplog.log.1"),
    ("oplog.log.10", "oplog.log.9"),
    ("oplog.log.100.gz", "oplog.log.99"),
    # TimedRotatingFileHandler
    ("oplog.log.2026-11-25", "oplog.log.2026-11-26"),
    ("oplog.log.2026-11-26_09", "oplog.log.2026-11-26_10"),
    ("oplog.log.2026-11-26_09-59", "oplog.log.2026-11-26_10-00"),
    ("oplog.log.2026-11-26_09-59-59", "oplog.log.2026-11-26_10-00-00"),
    ("oplog.log.2026.11.26", "oplog.log.2026.11.27"),
    ("oplog.log.2026_11_30", "oplog.log.2026_12_01"),
    ("oplog.log.30.11.2026", "oplog.log.01.12.2026"),
    ("oplog.log.2026-11-26 09:59:59", "oplog.log.2026-11-26 10:00:00"),
    # logrotate's dateext, with its dateformats
    ("oplog.log-20261126", "oplog.log-20261127.gz"),
    ("oplog.log-2026112609", "oplog.log-2026112610"),
    ("oplog.log-20261126030000", "oplog.log-20261126040000"),
    ("oplog.log-202509", "oplog.log-202510"),
    ("oplog.log-2025-09", "oplog.log-2025-10"),
    ("oplog.log-30112026", "oplog.log-01122026"),
    ("oplog.log-31-12-2026", "oplog.log-01-01-2027"),
    ("oplog.log-12312026", "oplog.log-01132027"),
    ("oplog.log-20261126-999999999", "oplog.log-20261126-1000000000"),
    ("oplog.log-1700000000", "oplog.log-1700000001"),
    ("oplog.log-1700000000999", "oplog.log-1700000001000"),
    # what logrotate's `create` finds where it would make the new file
    ("oplog.log-2026112609.backup", "oplog.log-2026112610.backup"),
    # logrotate's extension
    ("oplog-20261126.log", "oplog-20261127.log.gz"),
    ("oplog.10.log", "oplog.9.log.xz"),
    # loguru, which counts those of one moment
    (
        "oplog.2026-11-26_03-00-00_123456.log",
        "oplog.2026-11-26_03-00-00_123457.log.bz2",
    ),
    ("oplog.2026-11-26_03-00-00_123456.log", "oplog.2026-11-26_03-00-00_123456.2.log"),
    # a date and a counter
    ("oplog.log.2026-11-26.9", "oplog.log.2026-11-26.10"),
    ("oplog.log.2026-11-26.99", "oplog.log.2026-11-26.100"),
    ("oplog.log.2026-11-26.1", "oplog.log.2026-11-27.1"),
    ("oplog.log-20261126-9.gz", "oplog.log-20261126-10.gz"),
    # ISO times
    ("oplog.log.2026-11-26T03:00:00Z", "oplog.log.2026-11-26T04:00:00Z"),
    ("oplog.log.2026-11-26T03:00:00.9Z", "oplog.log.2026-11-26T03:00:01.1Z"),
    ("oplog.log.2026-11-26T03-00-00Z", "oplog.log.2026-11-26T04-00-00Z"),
    ("oplog.log.20261126T030000", "oplog.log.20261126T040000"),
    ("oplog.log.2026-10-25T02:50:00+02:00", "oplog.log.2026-10-25T02:10:00+01:00"),
]


@pytest.mark.parametrize(("older", "newer"), IN_ORDER)
def test_which_of_two_is_the_older(older, newer):
    names = [rotated_name(name, "oplog.log") for name in (newer, older)]
    assert [name.name for name in sorted(names, key=age_order)] == [older, newer]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_what_a_file_was_called_before_it_was_compressed(suffix):
    name = rotated_name(f"oplog.log.1{suffix}", "oplog.log")
    assert (name.stem, name.rank, name.compression) == ("oplog.log.1", 1, suffix)


@pytest.mark.parametrize(
    "name",
    [
        "oplog.log",
        "oplog.log.gz",
        "oplog.log.bak",
        "oplog.log~",
        ".oplog.log.swp",
        "oplog.log.1.tmp",
        "oplog.log.1.gz.gz",
        "oplog.log.1.zip",
        "oplog.log.1.gz-2026112609.backup",
        "oplog.log-20261126.backup",
        "oplog.log-2026112609.backup.1",
        "oplog.log.old",
        "oplog.log.x1",
        "oplog.log2",
        "xoplog.log.1",
        "other.log.1",
        "oplog.log-1",
        "oplog.log-2026",
        # no dates
        "oplog.log.123456",
        "oplog.log-202513",
        "oplog.log-20260230",
        "oplog.log-2026-02-30",
        "oplog.log.192.168.1.20",
        "oplog.log-31022026",
        "oplog.log-99999999",
        "oplog.log-10000101",
        "oplog.log.2026-13-01T03:00:00Z",
        "oplog.log.2026-11-26T03:00:00.bak",
        "oplog.log.2026-11-26.tmp",
        "oplog.log.2026-11-2",
        "oplog.log.2026-11-261",
        # the log of another process
        "oplog.8080.log",
        "oplog-worker.log",
        "oplog.log.log",
    ],
)
def test_other_names(name):
    assert rotated_name(name, "oplog.log") is None


def test_a_log_without_an_extension_has_no_names_within():
    assert rotated_name("oplog.1", "oplog").rank == 1
    assert rotated_name("oplog-20261126", "oplog") is not None
    assert rotated_name("op-20261126", "oplog") is None


def test_very_long_names_take_no_time():
    assert rotated_name("oplog.log.2026-11-26" + "-1" * 117 + "x", "oplog.log") is None
    assert rotated_name("oplog.log.2026-11-26" + "1" * 234, "oplog.log").rank is None
