"""Options: what an operator may type, and what a session makes of it."""

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui_ingest import __version__
from tui_ingest.oplog.log import FromPosition, FromStart, FromTime
from tui_ingest.running import options
from tui_ingest.running.options import add_arguments, conflict_without_log, from_namespace

NOON = datetime(2023, 11, 28, 12, tzinfo=UTC).timestamp()


def parse(*arguments):
    parser = argparse.ArgumentParser(prog="test", exit_on_error=False)
    add_arguments(parser)
    return from_namespace(parser.parse_args(list(arguments)))


def complaint_about(*arguments):
    with pytest.raises(argparse.ArgumentError) as caught:
        parse(*arguments)
    return str(caught.value)


def test_defaults():
    options = parse("/logs/oplog.log")
    assert options.path == Path("/logs/oplog.log")
    assert options.database == "default"
    assert options.start is None
    assert options.poll_seconds is None
    assert not options.once
    assert not options.stop_on_error
    assert not options.dry_run


def test_every_option():
    options = parse(
        *("oplog.log", "--database", "central", "--once", "--dry-run"),
        *("--on-error", "stop", "--poll", "0.5", "--paused"),
    )
    assert options.database == "central"
    assert options.once
    assert options.dry_run
    assert options.stop_on_error
    assert options.paused
    assert options.poll_seconds == 0.5


def test_the_log_is_named_absolutely_but_a_link_is_kept(tmp_path, monkeypatch):
    (tmp_path / "real.log").touch()
    (tmp_path / "oplog.log").symlink_to("real.log")
    monkeypatch.chdir(tmp_path)
    assert parse("./x/../oplog.log").path == tmp_path / "oplog.log"


def test_a_log_that_is_not_there_yet_is_fine(tmp_path):
    assert parse(str(tmp_path / "no" / "oplog.log")).path == tmp_path / "no" / "oplog.log"


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_log_that_is_no_file_is_refused(tmp_path, kind):
    path = tmp_path / "oplog.log"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    assert f"not a file: {path}" in complaint_about(str(path))


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("", "empty"),
        ("/" + "x" * 600, "512 characters"),
        ("/\udcff.log", "not UTF-8"),
    ],
)
def test_a_path_that_cannot_name_a_checkpoint_is_refused(path, complaint):
    assert complaint in complaint_about(path)


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (["--from-start"], FromStart()),
        (["--from-position", "0"], FromPosition(offset=0)),
        (["--from-position", "10418"], FromPosition(offset=10418)),
        (["--from-time", "2023-11-28T12:00:00Z"], FromTime(timestamp=NOON)),
        (["--from-time", "2023-11-28 13:00+01:00"], FromTime(timestamp=NOON)),
        (["--from-time", "1698395500.971553"], FromTime(timestamp=1698395500.971553)),
    ],
)
def test_where_to_start(arguments, start):
    assert parse("oplog.log", *arguments).start == start


def test_a_time_without_a_zone_is_local():
    local = datetime(2023, 11, 28, 12).astimezone()  # this is the point
    assert parse("oplog.log", "--from-time", "2023-11-28T12:00").start == FromTime(
        timestamp=local.timestamp()
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from-position", "-1"],
        ["--from-position", "ten"],
        ["--from-position", "9" * 30],
        ["--from-time", "yesterday"],
        ["--from-time", "nan"],
        ["--poll", "0"],
        ["--poll", "-1"],
        ["--poll", "inf"],
        ["--poll", "often"],
        ["--on-error", "shrug"],
    ],
)
def test_a_bad_value_names_its_option(arguments):
    assert arguments[0] in complaint_about("oplog.log", *arguments)


def test_only_one_place_to_start():
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        parse("oplog.log", "--from-start", "--from-position", "0")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_neither_django_nor_a_screen(option):
    script = (
        "import sys\n"
        "from tui_ingest.cli import main\n"
        "unwanted = {'django', 'textual', 'rich', 'shtab', 'watchdog'}\n"
        "try: main([sys.argv[1]])\n"
        "finally: print(sorted(unwanted & set(sys.modules)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, option], capture_output=True, text=True, check=True
    ).stdout
    assert told.splitlines()[-1] == "[]"
    assert "tui-ingest" in told
    assert (__version__ in told) == (option == "--version")


@pytest.mark.parametrize(
    ("arguments", "are_many"),
    [
        (["a.log"], False),
        (["a.log", "b.log"], True),
        (["sites/*/oplog.log"], True),
        (["nats://broker:4222/OPLOG/oplog.site-a"], False),
        (["nats://broker:4222/OPLOG/oplog.>"], True),
    ],
)
def test_several_logs_are_told_from_one(arguments, are_many):
    assert parse(*arguments).are_many is are_many
    assert len(parse(*arguments).named) == len(arguments)


@pytest.mark.parametrize("needs", [["--once"], ["--paused"], ["--dry-run"], ["--from-start"]])
def test_without_a_log_nothing_can_be_asked_of_a_session(needs, monkeypatch):
    monkeypatch.setattr(options, "has_terminal", lambda: True)
    parser = argparse.ArgumentParser()
    add_arguments(parser, log_required=False)
    assert conflict_without_log(parser.parse_args([])) == ""
    assert "only looks" in conflict_without_log(parser.parse_args(needs))
    assert "LOG is missing" in conflict_without_log(parser.parse_args(["--headless"]))
    monkeypatch.setattr(options, "has_terminal", lambda: False)
    assert "LOG is missing" in conflict_without_log(parser.parse_args([]))
    assert from_namespace(parser.parse_args([])).are_many
