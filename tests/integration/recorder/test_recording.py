"""The recorder: what a source's changes look like in its log, and that the log replays."""

import pytest

from tests.support.recorded import parsed, told
from tests.support.shop import SOURCE_SETTINGS, ShopSite


@pytest.fixture(scope="module")
def source(tmp_path_factory, databases):
    return ShopSite(tmp_path_factory.mktemp("source"), SOURCE_SETTINGS + databases.new())


def test_migrations_are_not_recorded(source):
    assert not source.log.exists() or source.log.stat().st_size == 0


def test_a_record_is_the_row_as_the_database_has_it(source):
    [(operation, [record])] = parsed(
        source.do("""
product = Product(name="é\\u2028", price="1.500", stock="3", extra={"a": None})
product.seen = datetime(2023, 11, 28, 12, 0, 0, 123456, UTC)
product.opens = time(8, 0, 0, 123456)
product.keeps = timedelta(days=1, microseconds=1)
product.save()
""")
    )
    assert operation == "SAVE"
    assert record["model"] == "shop.product"
    fields = record["fields"]
    assert fields["name"] == "é\u2028"
    assert fields["price"] == "1.50"
    assert fields["stock"] == 3
    assert fields["seen"] == "2023-11-28T12:00:00.123456Z"
    assert fields["opens"] == "08:00:00.123456"
    assert fields["keeps"] == "1 00:00:00.000001"
    assert fields["extra"] == {"a": None}
    assert fields["tags"] == []


def test_expressions_and_unsaved_changes_are_not_what_is_recorded(source):
    records = parsed(
        source.do("""
product = Product.objects.create(name="two", stock=1)
record()
product.stock = F("stock") + 41
product.save()
record()
product.name = "never saved"
product.price = Decimal("9.99")
product.save(update_fields=["price"])
""")
    )
    assert [record["fields"]["stock"] for _, [record] in records] == [1, 42, 42]
    assert [record["fields"]["name"] for _, [record] in records] == ["two", "two", "two"]
    assert records[-1][1][0]["fields"]["price"] == "9.99"


def test_nothing_is_written_for_what_is_rolled_back(source):
    lines = source.do("""
try:
    with transaction.atomic():
        Tag.objects.create(name="rolled back")
        raise KeyError
except KeyError:
    pass
with transaction.atomic():
    Tag.objects.create(name="outer")
    try:
        with transaction.atomic():
            Tag.objects.create(name="inner")
            raise KeyError
    except KeyError:
        pass
""")
    assert [record["fields"]["name"] for _, [record] in parsed(lines)] == ["outer"]


def test_nothing_is_written_before_the_commit(source):
    output = source.shell("""
from django.db import connection
from shop.models import Tag
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.relaying.relay import Relay
open("oplog.log", "a").close()  # nothing may have been recorded yet
other = connection.copy()
other.set_autocommit(False)
with other.cursor() as cursor:
    cursor.execute("INSERT INTO shop_tag (name) VALUES ('not yet')")
if connection.vendor == "sqlite":  # the relay cannot write that it is at work
    connection.cursor().execute("PRAGMA busy_timeout = 100")
Relay(get_settings(), "default").drain()
before = open("oplog.log").read()
other.commit()
other.close()
Relay(get_settings(), "default").drain()
print("not yet" in before, "not yet" in open("oplog.log").read())
""")
    assert output.split() == ["False", "True"]


def test_a_hidden_row_is_recorded_like_any_other(source):
    lines = source.do('Product(name="sold out", stock=0).save()')
    assert [record["fields"]["stock"] for _, [record] in parsed(lines)] == [0]


def test_a_proxy_is_recorded_as_its_table(source):
    lines = source.do('p = OnSale.objects.create(name="cheap"); record(); p.delete()')
    assert [line.rpartition(" ")[0] for line in told(lines)] == [
        "SAVE shop.product",
        "DELETE shop.product",
    ]


def test_what_only_passes_for_a_many_to_many_field_records_its_own_rows(source):
    lines = source.do("""
product = Product.objects.create(name="tagged")
word = Keyword.objects.create(shelf="tagged")
""")
    assert sorted(line.rpartition(" ")[0] for line in told(lines)) == [
        "SAVE shop.keyword",
        "SAVE shop.product",
    ]


def test_links_are_recorded_with_the_row_that_has_the_field(source):
    records = parsed(
        source.do("""
tag = Tag.objects.create(name="blue")
product = Product.objects.create(name="paint")
record()
for change in (
    lambda: product.tags.add(tag),
    lambda: product.tags.add(tag),                      # changes nothing
    lambda: product.tags.remove(tag),
    lambda: tag.products.add(product),                  # from the other side
    lambda: tag.products.clear(),
    lambda: product.tags.set([tag]),
    lambda: product.tags.clear(),
):
    change()
    record()
""")
    )
    assert [op for op, _ in records] == ["SAVE"] * 8
    assert {record["model"] for _, [record] in records[2:]} == {"shop.product"}
    tag = records[0][1][0]["pk"]
    assert [record["fields"]["tags"] for _, [record] in records[2:]] == [
        *([tag], [], [tag], [], [tag], [])
    ]


def test_links_to_hidden_rows_are_recorded(source):
    records = parsed(
        source.do("""
hidden = Product(name="hidden", stock=0)
hidden.save()
Product.objects.create(name="visible").friends.add(hidden)
""")
    )
    [(_, [hidden, visible])] = records  # friends of each other: one record
    assert visible["fields"]["friends"] == [hidden["pk"]]


def test_a_table_between_two_models_is_recorded_as_a_model(source):
    lines = source.do("""
shop = Shop.objects.create(name="corner")
product = Product.objects.create(name="bread")
shop.sells.add(product, through_defaults={"metres": 4})
record()
shop.sells.remove(product)
record()
product.shop_set.add(shop)
record()
shop.sells.clear()
""")
    kinds = [line.rpartition(" ")[0] for line in told(lines)[2:]]
    assert kinds == ["SAVE shop.shelf", "DELETE shop.shelf"] * 2
    assert parsed(lines)[2][1][0]["fields"]["metres"] == 4


def test_a_multi_table_child_comes_in_one_record_with_its_parent_first(source):
    lines = source.do(
        's = Shop.objects.create(name="mall", floor=3); record(); s.name = "hall"; s.save()'
    )
    key = parsed(lines)[0][1][0]["pk"]
    assert told(lines) == [f"SAVE shop.place {key} shop.shop {key}"] * 2
    assert [objects[0]["fields"]["name"] for _, objects in parsed(lines)] == ["mall", "hall"]


def test_a_deletion_is_recorded_with_all_that_goes_with_it(source):
    lines = source.do("""
tag = Tag.objects.create(name="doomed")
product = Product.objects.create(name="doomed")
product.tags.add(tag)
top = Label.objects.create(product=product)
Label.objects.create(parent=top)
record()
product.delete()
top.delete()
""")
    records = parsed(lines)
    assert sorted(f"{op} {objects[0]['model']}" for op, objects in records[-3:]) == [
        "DELETE shop.label",
        "DELETE shop.label",
        "DELETE shop.product",
    ]
    gone = next(objects[0] for op, objects in records if objects[0]["model"] == "shop.product")
    deleted = next(o[0] for op, o in records if op == "DELETE" and o[0]["pk"] == gone["pk"])
    assert deleted["fields"] == {"name": "doomed"}  # what else it may be known by


def test_fixtures_are_recorded_like_any_other_write(source, tmp_path):
    fixture = tmp_path / "tags.json"
    fixture.write_text('[{"model": "shop.tag", "pk": 900, "fields": {"name": "raw"}}]')
    assert source.manage("loaddata", fixture).returncode == 0
    assert told(source.do("")) == ["SAVE shop.tag 900"]


def test_what_is_applied_from_elsewhere_is_left_out(source):
    assert (
        source.do("""
from tui_ingest.recorder import suspended
with suspended():
    product = Product.objects.create(name="echo")
    product.tags.add(Tag.objects.create(name="echo"))
    product.tags.clear()
    product.delete()
""")
        == []
    )


def test_djangos_own_models_are_left_out(source):
    assert source.do("from django.contrib.auth.models import Group; Group.objects.create()") == []


def test_a_row_that_is_not_there_is_not_deleted(source):
    assert told(source.do("Tag(pk=12345).delete()")) == []


@pytest.mark.parametrize(
    ("configured", "recorded"),
    [
        ({"MODELS": ["shop.Tag"]}, ["shop.tag"]),
        ({"EXCLUDE": ["shop.tag"]}, ["shop.place"]),
        ({"EXCLUDE": ["shop"]}, []),
        ({"MODELS": ["shop", "auth.group"]}, ["auth.group", "shop.place", "shop.tag"]),
    ],
)
def test_which_models_are_recorded(tmp_path, configured, recorded):
    source = ShopSite(tmp_path, SOURCE_SETTINGS + f"TUI_INGEST_RECORDER |= {configured}\n")
    lines = source.do(
        "from django.contrib.auth.models import Group\n"
        "for model in (Tag, Place, Group): model.objects.create(name='one')\n"
    )
    assert sorted(objects[0]["model"] for _, objects in parsed(lines)) == recorded


@pytest.mark.parametrize("configured", ["['shop']", "{'MODLES': []}", "{'MODELS': 'shop'}"])
def test_a_wrong_setting_is_refused(source, configured):
    settings = source.folder / "mysite" / "wrong.py"
    settings.write_text(f"from mysite.settings import *\nTUI_INGEST_RECORDER = {configured}\n")
    finished = source.manage("check", DJANGO_SETTINGS_MODULE="mysite.wrong")
    assert finished.returncode != 0
    assert "ImproperlyConfigured: TUI_INGEST_RECORDER" in finished.stderr


def test_a_recorder_without_a_log_is_warned_about(source):
    settings = source.folder / "mysite" / "mute.py"
    settings.write_text("from mysite.settings import *\nTUI_INGEST_RECORDER = {}\n")
    finished = source.manage("check", DJANGO_SETTINGS_MODULE="mysite.mute")
    assert "tui_ingest_recorder.W001" in finished.stderr
    assert "W001" not in source.manage("check").stderr
