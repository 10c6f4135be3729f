"""A DIGEST says what the log says: it is written where no change is left that the log lacks."""

import base64
import json

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.support.recorded import PREAMBLE, parsed
from tests.support.shop import SOURCE_SETTINGS, ShopSite
from tui_ingest.recorder.conf import get_settings

# What a test does in one process of the source. `rounds` is the relay, with so many entries and
# rows in a round; a row whose name is asked for cannot be read inside `unreadable`.
STAGE = """
import contextlib
from django.core.management import CommandError, call_command
from tui_ingest.recorder.models import Change, Resend, Verification

for model in (Product, Place, Tag):
    models.QuerySet(model=model).delete()
for model in (Change, Resend, Verification):
    model.objects.all().delete()

def manage(*options):
    call_command("record_changes", *options)

def rounds(limit):
    relay = Relay(get_settings(), "default")
    relay._adapt = lambda *_: None
    relay._limit = limit
    assert relay.catch_up()
    relay.close()

def tags(number):
    Tag.objects.bulk_create([Tag(name=f"tag {n}") for n in range(number)])

class Unreadable(models.CharField):
    def from_db_value(self, *_):
        raise LookupError("no such colour")

@contextlib.contextmanager
def unreadable():
    field = Product._meta.get_field("name")
    kind, field.__class__ = field.__class__, Unreadable
    yield
    field.__class__ = kind

"""


class Source(ShopSite):
    def run(self, code):
        """Run code without rows and without anything that waits; what it prints, and writes."""
        before = len(self.lines())
        said = self.shell(PREAMBLE.replace("APP", "shop") + STAGE + code)
        return said, last_objects(self.lines()[before:])


@pytest.fixture(scope="module")
def source(tmp_path_factory, databases):
    return Source(tmp_path_factory.mktemp("source"), SOURCE_SETTINGS + databases.new())


def last_objects(lines):
    """Operation, and the last object, of each record."""
    return [(operation, objects[-1]) for operation, objects in parsed(lines)]


def digests(records, model="shop.tag"):
    return [o["fields"] for name, o in records if (name, o["model"]) == ("DIGEST", model)]


def operations(records):
    return [name for name, _ in records]


def test_every_model_is_summed_up_after_what_is_pending(source):
    said, records = source.run("""
tags(3)
manage("--verify")
manage("--once")
manage("--status")
""")
    assert "verification of shop.tag: waiting for changes that are pending" in said
    assert "No relay is running" in said
    assert "verification of shop.tag: written, 3 rows" in said
    models = {"tag", "product", "keyword", "place", "shop", "shelf", "label", "sticker"}
    assert operations(records) == ["SAVE"] * 3 + ["DIGEST"] * len(models)
    assert {o["model"] for _, o in records[3:]} == {f"shop.{model}" for model in models}
    [found] = digests(records)
    assert found.pop("sum")
    assert found == {
        "identity": "pk",
        "after": None,
        "upto": None,
        "count": 3,
        "fields": ["name"],
    }


def test_a_database_that_is_not_there(source):
    done = source.manage("record_changes", "--verify", "--database", "nope")
    assert done.returncode == 1
    assert done.stderr == (
        "CommandError: There is no database 'nope' in DATABASES. Known: default.\n"
    )


def test_the_sum_is_of_the_rows_as_they_are(source):
    _, records = source.run("""
Tag.objects.create(pk=1, name="a")
for name in "aba":
    Tag.objects.update(name=name)
    manage("--verify", "shop.tag")
    record()
""")
    first, second, third = (found["sum"] for found in digests(records))
    assert first == third != second


def test_it_waits_for_changes_that_its_round_does_not_take(source):
    _, records = source.run("""
tags(5)
manage("--verify", "shop.tag")
rounds(2)
""")
    assert operations(records)[:5] == ["SAVE"] * 5
    assert set(operations(records)[5:]) == {"DIGEST"}
    assert sum(found["count"] for found in digests(records)) == 5


def test_a_change_that_is_held_keeps_its_own_model_waiting_and_no_other(source):
    said, records = source.run("""
manage("--verify", "shop.tag", "shop.product")
Product.objects.create(name="p")
with unreadable():
    record()
    manage("--status")
""")
    assert digests(records, "shop.product") == []
    assert len(digests(records)) == 1
    assert "verification of shop.product: waiting for a change that is held" in said


def test_a_model_whose_rows_cannot_be_read_holds_nobody_up(source):
    said, records = source.run("""
Product.objects.create(name="p")
record()
manage("--verify", "shop.product", "shop.tag")
with unreadable():
    manage("--once")
manage("--status", "--json")
""")
    assert digests(records, "shop.product") == []
    assert len(digests(records)) == 1
    assert "not verified: shop.product: LookupError: no such colour" in said
    status = json.loads(said.splitlines()[-1])
    [failed] = [one for one in status["verifications"] if one["model"] == "shop.product"]
    assert (failed["state"], failed["error"]) == ("failed", "LookupError: no such colour")


def test_a_long_table_is_summed_up_in_parts_that_leave_nothing_out(source):
    _, records = source.run("""
tags(25)
record()
manage("--verify", "shop.tag")
rounds(10)
""")
    parts = digests(records)
    assert [part["count"] for part in parts] == [10, 10, 5]
    assert [part["after"] for part in parts] == [None, *(part["upto"] for part in parts[:2])]
    assert parts[-1]["upto"] is None


def test_a_model_that_is_being_resent_comes_after_that(source):
    said, records = source.run("""
tags(25)
record()
manage("--resend", "shop.tag")
manage("--verify", "shop.tag")
rounds(10)
""")
    assert "waiting for a resend" in said
    assert operations(records) == ["SAVE"] * 50 + ["DIGEST"] * len(digests(records))


def test_rows_by_themselves_when_they_are_asked_for(source):
    _, records = source.run("""
Tag.objects.bulk_create([Tag(pk=n, name=str(n)) for n in (7, 3)])
manage("--verify", "shop.tag", "--rows")
record()
manage("--verify", "shop.tag")
record()
""")
    first, second = digests(records)
    assert first["keys"] == [3, 7]
    assert len(base64.b64decode(first["hashes"])) == 16
    assert "keys" not in second


def test_again_and_again_until_it_is_told_otherwise(source):
    said, records = source.run("""
manage("--verify", "shop.tag", "--every", "3600")
for _ in range(2):
    record()  # nothing is due
Verification.objects.update(due=1)
record()
manage("--verify", "shop.tag", "--every", "0")
Verification.objects.filter(due__gt=0).update(due=1)
record()
""")
    assert len(digests(records)) == 2
    assert "verification of shop.tag: written, 0 rows\n" in said


def test_an_order_begins_anew(source):
    _, records = source.run("""
tags(25)
record()
manage("--verify", "shop.tag")
relay = Relay(get_settings(), "default")
relay._adapt = lambda *_: None
relay._limit = 10
relay.step()
manage("--verify", "shop.tag")
relay.catch_up()
relay.close()
""")
    assert [part["after"] is None for part in digests(records)] == [True, True, False, False]


def test_an_order_that_comes_while_a_part_is_written_is_not_lost(source):
    _, records = source.run("""
tags(25)
record()
manage("--verify", "shop.tag")
relay = Relay(get_settings(), "default")
append = relay._log.append
def overtaken(records):
    relay._log.append = append
    manage("--verify", "shop.tag")
    return append(records)
relay._log.append = overtaken
relay.catch_up()
relay.close()
""")
    assert [part["count"] for part in digests(records)] == [25, 25]


def test_parts_that_were_written_by_a_process_that_died_begin_anew(source):
    _, records = source.run("""
tags(25)
record()
manage("--verify", "shop.tag")
dying = Relay(get_settings(), "default")
dying._adapt, dying._limit = (lambda *_: None), 10
dying.step()
dying._remove_written = lambda: None
dying.step()
dying._lock.release()
rounds(12)
""")
    parts = [(part["after"] is None, part["count"]) for part in digests(records)]
    assert parts == [(True, 10), (False, 10), (True, 12), (False, 12), (False, 1)]


def test_only_rows_of_this_source_where_a_scope_says_which(source):
    _, records = source.run("""
from django.test import override_settings
Place.objects.create(name="here")
Place.objects.create(name="there")
with override_settings(TUI_INGEST_RECORDER={
    "LOG": get_settings().log, "SCOPE": {"shop.Place": {"name": "here"}}
}):
    manage("--verify", "shop.place")
    record()
""")
    [found] = digests(records, "shop.place")
    assert (found["count"], found["scope"]) == (1, {"name": "here"})


def test_what_makes_no_sense_is_refused(source):
    said, _ = source.run("""
for options in (
    ["--rows"],
    ["--verify", "--every", "59"],
    ["--verify", "--rows", "--every", "500"],
    ["--verify", "shop.nothing"],
    ["--verify", "--resend", "shop.tag"],
):
    try:
        manage(*options)
    except CommandError as error:
        print(error)
""")
    lines = said.splitlines()
    assert "--every and --rows go with --verify" in lines[0]
    assert "at least 60 seconds" in lines[1]
    assert "--rows is for once" in lines[2]
    assert "shop.nothing is not recorded here" in lines[3]
    assert "not allowed with argument" in lines[4]


@pytest.mark.parametrize("scope", [{"shop.tag": "site"}, {"shop.tag": {"site__lt": 7}}, [1]])
def test_a_scope_is_fields_and_values(settings, scope):
    settings.TUI_INGEST_RECORDER = {"SCOPE": scope}
    with pytest.raises(ImproperlyConfigured, match="SCOPE'] must be a dict like"):
        get_settings()
