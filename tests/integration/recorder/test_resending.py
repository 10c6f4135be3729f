"""Rows are written again: all, those of a model, some; in order, with pauses, through kills."""

import pytest

from tests.support.databases import Databases
from tests.support.engine import eventually
from tests.support.oddities import SETTINGS as ODD_SETTINGS
from tests.support.oddities import OddSite
from tests.support.recorded import parsed, told
from tests.support.relays import RelayLog
from tests.support.shop import SOURCE_SETTINGS, ShopSite

ROWS = """
from tui_ingest.recorder import suspended
with suspended():  # as if they were older than the recorder
    tags = [Tag.objects.create(pk=n, name=f"tag {n}") for n in range(1, 4)]
    product = Product.objects.create(name="bread")
    product.tags.set(tags)
    shop = Shop.objects.create(name="corner")
    shop.sells.add(product)
    top = Label.objects.create(product=product)
    Label.objects.create(parent=top)
"""


@pytest.fixture
def source(tmp_path, databases):
    source = ShopSite(tmp_path, SOURCE_SETTINGS + databases.new())
    assert source.do(ROWS) == []
    return source


def resend(source, *arguments):
    """What the command says, and the records that the relay then writes."""
    asked = source.manage("record_changes", *arguments)
    assert asked.returncode == 0, asked.stderr
    return asked.stdout, source.do("")


def test_all_and_some_rows_are_written_again_parents_first(source):
    said, lines = resend(source, "--resend", "--all")
    assert "resend 1 of " in said
    assert "No relay is running" in said
    names = [line.split()[1].partition(".")[2] for line in told(lines)]
    assert sorted(names) == [
        *("label", "label", "place", "place", "product", "shelf", "tag", "tag", "tag")
    ]
    for before, after in (("tag", "product"), ("product", "shelf"), ("place", "shelf")):
        assert names.index(before) < names.index(after)
    labels = [o["pk"] for _, (o, *_) in parsed(lines) if o["model"] == "shop.label"]
    assert labels == sorted(labels)

    _, lines = resend(source, "--resend", "shop.Tag", "shop.shelf")
    assert [line.rpartition(" ")[0] for line in told(lines)] == [
        *["SAVE shop.tag"] * 3,
        "SAVE shop.shelf",
    ]
    _, lines = resend(source, "--resend", "shop.tag", "--where", "name=tag 2")
    assert told(lines) == ["SAVE shop.tag 2"]
    keys = source.folder / "keys"
    keys.write_text("3\n\n1\n77\n")
    _, lines = resend(source, "--resend", "shop.tag", "--keys", keys)
    assert sorted(told(lines)) == ["SAVE shop.tag 1", "SAVE shop.tag 3"]
    said, lines = resend(source, "--resend", "shop.tag", "--where", "name=nobody")
    assert ("There are no such rows." in said, lines) == (True, [])


def test_a_live_change_overtakes_and_is_not_written_twice(source):
    source.manage("record_changes", "--resend", "shop.tag")
    lines = source.do("Tag.objects.filter(pk=3).update(name='now'); Tag.objects.get(pk=2).delete()")
    tags = [line for line in told(lines) if "shop.tag" in line]
    assert sorted(tags) == ["DELETE shop.tag 2", "SAVE shop.tag 1", "SAVE shop.tag 3"]
    assert [o["fields"]["name"] for _, [o] in parsed(lines) if o["pk"] == 3] == ["now"]


def test_a_resend_can_be_paused_resumed_and_given_up(source):
    source.manage("record_changes", "--resend", "shop.tag")
    said, lines = resend(source, "--pause")
    assert ("paused, 0 of 3 rows" in said, lines) == (True, [])
    said, lines = resend(source, "--resume")
    assert ("waiting, 0 of 3 rows" in said, len(lines)) == (True, 3)
    assert "There is no such resend." in resend(source, "--pause")[0]
    source.manage("record_changes", "--resend", "shop.tag")
    said, lines = resend(source, "--give-up")
    assert ("given up, 0 of 3 rows" in said, lines) == (True, [])
    states = [one["state"] for one in RelayLog(source, "told").status()["resends"]]
    assert states == ["done", "given up"]


MANY = """
from tui_ingest.recorder import suspended
with suspended():
    Tag.objects.bulk_create(Tag(pk=n, name=f"tag {n}") for n in range(1, 20_001))
"""


def test_a_resend_survives_kills_and_tells_how_far_it_is(tmp_path, databases):
    source = ShopSite(tmp_path, SOURCE_SETTINGS + databases.new())
    source.do(MANY)
    log = RelayLog(source, "killed", MAX_BYTES=0)
    for _ in range(20):  # on a busy machine it may be done before it is killed
        assert log.command("--resend", "--all").returncode == 0
        with log.relay() as relay:
            eventually(lambda: log.path.exists() and log.path.stat().st_size, what="it has begun")
            relay.kill()
        begun = len(told(log.lines()))
        if begun < 20_000:
            break
        log.path.unlink()
    assert 0 < begun < 20_000
    *_, resend = [one for one in log.status()["resends"] if one["model"] == "shop.tag"]
    assert resend["state"] == "waiting"
    assert 0 <= resend["sent"] <= begun
    assert resend["total"] == 20_000
    assert (resend["eta"] is None) == (resend["sent"] == 0)
    log.drain()
    keys = [o["pk"] for _, [o] in parsed(log.lines())]
    assert sorted(set(keys)) == list(range(1, 20_001))
    assert len(keys) < 30_000, "what was sent is not sent again from the start"
    *_, resend = [one for one in log.status()["resends"] if one["model"] == "shop.tag"]
    assert (resend["state"], resend["sent"], resend["eta"]) == ("done", 20_000, None)


def test_rows_of_composite_and_odd_keys(tmp_path, databases):
    source = OddSite(tmp_path, ODD_SETTINGS, databases)
    source.do("""
from datetime import date
for n in range(3):
    Seat.objects.create(hall=f"h'{n}", number=n)
    Odd.objects.create(key=f"k'{n} %", name=f"n{n}")
    Day.objects.create(day=date(2024, 1, 1 + n), note="x")
    Berth.objects.create(ship=f"h'{n}", number=n)
""")
    for model in ("seat", "odd", "day", "berth"):
        _, lines = resend(source, "--resend", f"odd.{model}")
        assert len(lines) == 3
    keys = source.folder / "keys"
    keys.write_text('["h\'1", 1]\n')
    _, lines = resend(source, "--resend", "odd.seat", "--keys", keys)
    assert [o["pk"] for _, [o] in parsed(lines)] == [["h'1", 1]]


@pytest.mark.parametrize("arguments", ["--all", "shop.product --keys FILE"])
def test_a_row_that_cannot_be_read_is_held_and_the_rest_is_sent(tmp_path, arguments):
    source = ShopSite(tmp_path, SOURCE_SETTINGS)
    source.do("""
from django.db import connection
from tui_ingest.recorder import suspended
with suspended():
    for name in ("one", "bad", "two"):
        Product.objects.create(name=name)
    connection.cursor().execute(
        "UPDATE shop_product SET seen = '2023-13-45 00:00:00' WHERE name = 'bad'"
    )
""")
    keys = source.folder / "keys"
    of_all = "print(*Product.objects.values_list('pk', flat=True), sep='\\n')"
    keys.write_text(source.shell(f"from shop.models import Product\n{of_all}"))
    _, lines = resend(source, "--resend", *arguments.replace("FILE", str(keys)).split())
    assert sorted(o["fields"]["name"] for _, [o] in parsed(lines)) == ["one", "two"]
    status = RelayLog(source, "held").status()
    assert status["held"] == 1
    assert {one["state"] for one in status["resends"]} == {"done"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--resend",), "Name the models to resend"),
        (("--resend", "shop.tag", "--all"), "Name the models to resend"),
        (("--all", "--verify"), "choose what to --resend"),
        (("--resend", "shop.nothing"), "shop.nothing is not recorded here. Recorded are: "),
        (("--resend", "shop.tag", "shop.place", "--where", "id=1"), "name one"),
        (("--resend", "shop.tag", "--where", "name"), "--where takes field=value"),
        (("--resend", "shop.tag", "--where", "size=1"), "No rows of shop.tag can be found"),
        (("--resend", "shop.tag", "--where", "id=x"), "No rows of shop.tag can be found"),
        (("--resend", "shop.tag", "--keys", "wrong"), "x is no key of shop.Tag"),
        (("--resend", "shop.tag", "--keys", "torn"), "is no key"),
        (("--resend", "shop.tag", "--keys", "absent"), "No such file"),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(shop, arguments, words):
    (shop.folder / "wrong").write_text("x\n")
    (shop.folder / "torn").write_text("[1\n")
    refused = shop.manage("record_changes", *arguments)
    assert refused.returncode == 1
    assert words in refused.stderr


@pytest.fixture(scope="module")
def shop(tmp_path_factory, request):
    databases = Databases("sqlite", request)
    return ShopSite(tmp_path_factory.mktemp("shop"), SOURCE_SETTINGS + databases.new())
