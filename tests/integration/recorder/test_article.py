"""The article's five operations, from one project through a log to another."""

from tests.support.recorded import parsed
from tests.support.site import SETTINGS, Site

SOURCE = """
INSTALLED_APPS = ["tui_ingest.demo.polls", "tui_ingest.recorder"]
TUI_INGEST_RECORDER = {"LOG": BASE_DIR / "oplog.log"}
"""
OPERATIONS = """
from django.utils import timezone
from tui_ingest.demo.polls.models import Choice, Question
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.relaying.relay import Relay
def record():
    Relay(get_settings(), "default").drain()
q = Question(question_text="What's new?", pub_date=timezone.now())
q.save(); record()
q.choice_set.create(choice_text="Nothing", votes=0); record()
c = q.choice_set.create(choice_text="sky", votes=0); record()
c.delete(); record()
c.save(); record()
"""
ROWS = """
from tui_ingest.demo.polls.models import Choice, Question
for model in (Question, Choice):
    print(list(model.objects.order_by("pk").values_list()))
"""


def both_ends(tmp_path, databases, operations):
    """Do it at the source and apply its log; the records, and the rows of both."""
    source = Site(tmp_path / "source", SETTINGS + SOURCE + databases.new())
    target = Site(tmp_path / "target", SETTINGS + databases.new())
    source.migrate()
    target.migrate()
    source.shell(operations)
    assert source.manage("record_changes", "--once").returncode == 0
    log = source.folder / "oplog.log"
    applied = target.manage("ingest_objects", log, "--once")
    assert applied.returncode == 0, applied.stdout
    lines = log.read_bytes().splitlines(keepends=True)
    return parsed(lines), source.shell(ROWS), target.shell(ROWS)


def test_each_operation_makes_the_record_of_the_article(tmp_path, databases):
    records, source, target = both_ends(tmp_path, databases, OPERATIONS)
    assert [(operation, found["model"]) for operation, [found] in records] == [
        ("SAVE", "polls.question"),
        ("SAVE", "polls.choice"),
        ("SAVE", "polls.choice"),
        ("DELETE", "polls.choice"),
        ("SAVE", "polls.choice"),
    ]
    [sky, gone, again] = [found for _, [found] in records[2:]]
    assert gone["pk"] == sky["pk"] != again["pk"]
    assert gone["fields"]["id"] == sky["fields"]["id"] == again["fields"]["id"]
    assert source == target
    assert source.count("UUID") == 1 + 2 * 2


def test_all_of_them_in_one_round_leave_the_same_rows(tmp_path, databases):
    at_once = OPERATIONS.replace("; record()", "")
    records, source, target = both_ends(tmp_path, databases, at_once)
    assert sorted(operation for operation, _ in records) == ["DELETE", "SAVE", "SAVE", "SAVE"]
    assert source == target
