"""What is remembered of how somebody looks: in a file, written and read where nobody waits."""

import json
import os
import threading
import time

import pytest

from tests.tui.scripted import DEADLINE_SECONDS
from tui_ingest.tui.view import view_memory
from tui_ingest.tui.view.view_memory import ViewMemory


def loaded(path, **options):
    memory = ViewMemory(path)
    memory.load(**options)
    return memory


def test_facts_are_there_the_next_time(tmp_path):
    path = tmp_path / "not" / "there" / "yet" / "view.json"
    memory = loaded(path)
    memory.remember("log", {"filter": "failed"})
    memory.remember("models", {"lifetime": False})
    memory.remember("models", {"lifetime": True})
    memory.close()
    again = loaded(path)
    assert again.recall("log") == {"filter": "failed"}
    assert again.recall("models") == {"lifetime": True}
    assert again.recall("theme") == {}
    assert [file.name for file in path.parent.iterdir()] == ["view.json"]
    assert again.take_trouble() == ""


def test_it_is_written_while_the_console_runs(tmp_path):
    path = tmp_path / "view.json"
    memory = loaded(path)
    memory.remember("log", {"filter": "x"})
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert json.loads(path.read_text()) == {"log": {"filter": "x"}}
    memory.close()


def test_nothing_is_written_that_has_not_changed(tmp_path):
    path = tmp_path / "view.json"
    path.write_text('{"log": {"filter": "x"}}')
    path.chmod(0o400)
    memory = loaded(path)
    memory.remember("log", {"filter": "x"})
    memory.remember("other", {})
    memory.close()
    assert path.stat().st_mode & 0o777 == 0o400


def test_a_reset_forgets_everything(tmp_path):
    path = tmp_path / "view.json"
    path.write_text('{"log": {"filter": "x"}}')
    assert loaded(path, reset=True).recall("log") == {}
    assert not path.exists()
    assert loaded(path, reset=True).take_trouble() == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"log": 1}',
        b'{"log": {"filter": [1]}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"log": {"filter": "' + b"x" * 70_000 + b'"}}',
    ],
)
def test_a_damaged_file_is_said_once_and_written_anew(tmp_path, content):
    path = tmp_path / "view.json"
    path.write_bytes(content)
    memory = loaded(path)
    trouble = memory.take_trouble()
    assert str(path) in trouble
    assert "--reset-view" in trouble
    assert memory.take_trouble() == ""
    memory.remember("log", {"filter": "y"})
    memory.close()
    assert loaded(path).recall("log") == {"filter": "y"}


def test_a_place_where_nothing_can_be_written_is_said_once(tmp_path):
    path = tmp_path / "a file" / "view.json"
    path.parent.write_text("in the way")
    memory = loaded(path)
    assert "cannot be read" in memory.take_trouble()
    memory.remember("log", {"filter": "y"})
    memory.close()
    assert "cannot be written" in memory.take_trouble()
    assert memory.recall("log") == {"filter": "y"}


def test_a_file_that_cannot_be_read_in_time_holds_nobody_up(tmp_path, monkeypatch):
    monkeypatch.setattr(view_memory, "READ_SECONDS", 0.01)
    path = tmp_path / "view.json"
    os.mkfifo(path)  # opening it waits for a writer, as a mount that hangs does for its server
    memory = loaded(path)
    assert "in time" in memory.take_trouble()
    threading.Thread(target=path.write_bytes, args=(b"{}",), daemon=True).start()
