"""The log of a source's recorder leaves the same rows in a target."""

import pytest

from tests.support.oddities import SETTINGS as ODD_SETTINGS
from tests.support.oddities import TARGET_SETTINGS as ODD_TARGET_SETTINGS
from tests.support.oddities import OddSite
from tests.support.shop import SOURCE_SETTINGS, TARGET_SETTINGS, ShopSite

CHANGES = 400

# Everything that a project does to its rows through the ORM, at random.
LIFE = """
import random
rng = random.Random({seed})
names = (f"name {{n}}" for n in range(10**6))

def some(model):
    rows = list(models.QuerySet(model=model).order_by("pk"))
    return rng.choice(rows) if rows else None

def new_tag():
    Tag.objects.create(name=next(names))

def new_product():
    moment = datetime(2023, 1, 1, 12, 0, 0, rng.randrange(10**6), UTC)
    price = rng.choice([None, "1.5", Decimal("0.01")])
    Product(name=next(names), stock=rng.randrange(3), price=price, seen=moment,
            opens=moment.time(), keeps=timedelta(microseconds=rng.randrange(10**9)),
            extra={{"deep": [None, 2**70, "é\\u2028"]}}, photo=rng.randbytes(5)).save()

def change_product():
    if product := some(Product):
        product.stock = F("stock") + 1
        product.save(update_fields=["stock"])

def new_shop():
    Shop.objects.create(name=next(names), floor=rng.randrange(5))

def change_place():
    if place := some(Place):
        place.name = next(names)
        place.save()

def change_shop():
    if shop := some(Shop):
        shop.name, shop.floor = next(names), rng.randrange(5)
        shop.save()

def link():
    tag, product, friend, place = some(Tag), some(Product), some(Product), some(Place)
    if tag and product and place:
        rng.choice([product.tags.add, place.tags.add])(tag)
        tag.products.set([product])
        product.friends.add(friend)

def unlink():
    tag, product = some(Tag), some(Product)
    if tag and product:
        rng.choice([product.tags.clear, tag.products.clear, product.friends.clear])()

def stock_up():
    shop, product = some(Shop), some(Product)
    if shop and product:
        shop.sells.add(product, through_defaults={{"metres": rng.randrange(9)}})

def sell_out():
    shop, product = some(Shop), some(Product)
    if shop and product:
        rng.choice([shop.sells.clear, lambda: shop.sells.set([product])])()

def new_label():
    Label.objects.create(product=some(Product), parent=some(Label))

def stick():
    if row := some(rng.choice([Product, Shop])):
        kind = ContentType.objects.get_for_model(row)
        needed = Permission.objects.filter(content_type__app_label="shop").order_by("?")[0]
        Sticker.objects.create(kind=kind, row=row.pk).needs.add(needed)

def unstick():
    if sticker := some(Sticker):
        sticker.kind = None
        sticker.save()

def write():
    Keyword.objects.create(shelf=next(names))

def delete():
    row = some(rng.choice([Tag, Product, Place, Shop, Shelf, Label, Sticker]))
    if row and rng.random() < 0.5:
        row.delete()

def change_your_mind():
    try:
        with transaction.atomic():
            rng.choice(LIFE)()
            raise KeyError
    except KeyError:
        pass

LIFE = [new_tag, new_product, change_product, new_shop, change_place, change_shop, link, unlink,
        stock_up, sell_out, new_label, stick, unstick, write,
        delete, delete, change_your_mind]
for _ in range({changes}):
    if rng.random() < 0.2:
        with transaction.atomic():
            for _ in range(3):
                rng.choice(LIFE)()
    else:
        rng.choice(LIFE)()
"""


def assert_equal(expected, found):
    for table, rows in expected.items():
        assert rows, f"the history left nothing in {table}"
        assert found[table] == rows, table


def ingest(site, log):
    applied = site.manage("ingest_objects", log, "--once")
    assert applied.returncode == 0, applied.stdout + applied.stderr


@pytest.mark.parametrize("seed", [1, 2])
def test_a_recorded_history_replays_to_equal_tables(tmp_path, databases, seed):
    source = ShopSite(tmp_path / "source", SOURCE_SETTINGS + databases.new())
    target = ShopSite(tmp_path / "target", TARGET_SETTINGS + databases.new())
    lines = source.do(LIFE.format(seed=seed, changes=CHANGES))
    assert len(lines) > CHANGES / 2
    ingest(target, source.log)
    assert_equal(source.tables(), target.tables())


RELAY_SETTINGS = SOURCE_SETTINGS + "INSTALLED_APPS += ['tui_ingest']\n"


def test_a_target_that_records_does_not_echo(tmp_path, databases):
    source = ShopSite(tmp_path / "source", SOURCE_SETTINGS + databases.new())
    target = ShopSite(tmp_path / "target", RELAY_SETTINGS + databases.new())
    source.do(LIFE.format(seed=3, changes=CHANGES // 4))
    ingest(target, source.log)
    assert target.do("") == []
    assert target.do('Tag.objects.create(name="its own")'), "its own changes are still recorded"


def test_a_target_that_is_asked_to_passes_everything_on(tmp_path, databases):
    source = ShopSite(tmp_path / "source", SOURCE_SETTINGS + databases.new())
    raw = "TUI_INGEST_RECORDER['RAW'] = True\n"
    relay = ShopSite(tmp_path / "relay", RELAY_SETTINGS + raw + databases.new())
    target = ShopSite(tmp_path / "target", TARGET_SETTINGS + databases.new())
    source.do(LIFE.format(seed=4, changes=CHANGES // 2))
    ingest(relay, source.log)
    assert relay.do("") != []
    ingest(target, relay.log)
    assert_equal(source.tables(), target.tables())


ODD_LIFE = """
from datetime import date
for n in range(20):
    Seat.objects.create(hall=f"h{n % 3}", number=n)
    Odd.objects.create(key=f"k'{n}", name=f"n{n}")
    Sum.objects.create(one=n, name="x")
    Day.objects.create(day=date(2024, 1, 1 + n), note="x")
    Moment.objects.create(at=datetime(2024, 1, 1, n, tzinfo=UTC), note="x")
    Price.objects.create(price=Decimal(n) / 8, note="x")
    Thing.objects.create(note="x")
    User.objects.create(name=f"user {n}")
    Berth.objects.create(ship=f"s{n % 3}", number=n, guest=f"guest {n}")
    Large.objects.create(id=2**63 - 1 - n, note="x")
    Use.objects.create(code=Code.objects.create(code=f"c{n}"))
    Percent.objects.create(key=n, name=f"{n} %")
    dog = Dog.objects.create(name=f"dog {n}")
    puppy = Puppy.objects.create(name=f"puppy {n}", mother=dog)
    puppy.friends.add(dog)
    Pet.objects.create(name=f"pet {n}")
    Profile.objects.create(animal=dog, text="x")
    team = Team.objects.create(name=f"t{n}")
    team.members.add(dog, through_defaults={"since": date(2024, 1, 1)})
    odd = Odd.objects.get(key=f"k'{n}")
    odd.others.set(Odd.objects.exclude(pk=odd.pk)[:3])
record()
# Numbers, values and rows change their places.
for model in (Seat, Odd, Sum, Day, Moment, Price, Large, Percent, Pet, Team, User, Berth):
    rows = list(model.objects.order_by("pk")[:6])
    model.objects.filter(pk__in=[row.pk for row in rows[:3]]).delete()
Dog.objects.filter(name__in=["dog 1", "dog 2", "puppy 3"]).delete()
Code.objects.filter(code__in=["c1", "c2"]).delete()
Code.objects.create(code="c1")
Odd.objects.filter(name="n9").update(name="was n9")
Odd.objects.filter(name="n8").update(name="n9")
Seat.objects.filter(number=19).update(number=1000)
Seat.objects.update(taken=True)
Berth.objects.filter(number=19).update(number=1000)
Sum.objects.update(one=7)
old = Code.objects.get(code="c5")
key = old.pk
old.delete()
Code.objects.create(pk=key, code="another")
Percent.objects.filter(key=9).update(name="50 %%")
Animal.objects.filter(name="dog 7").update(name="Laika")
"""


def test_rows_of_odd_tables_replay_to_equal_tables(tmp_path, databases):
    source = OddSite(tmp_path / "source", ODD_SETTINGS, databases)
    target = OddSite(tmp_path / "target", ODD_TARGET_SETTINGS, databases)
    source.do(ODD_LIFE)
    ingest(target, source.log)
    tables = source.tables()
    del tables["strangers"]
    assert_equal(tables, target.tables())
