"""Every way to write rows of the shop, at random, for ever: copied into a site and run there."""

import itertools
import os
import random
from datetime import UTC, datetime

from django.db import DatabaseError, connection, models, transaction
from django.db.models import F

HOT = 3  # rows that everybody changes


def prepare():
    """Make the rows that everybody changes."""
    from shop.models import Product

    for number in range(HOT):
        Product.objects.create(name=f"hot {number}")


def rage(seed):
    """Write until somebody kills this process."""
    storm = Storm(random.Random(f"{seed} {os.getpid()}"))
    while True:
        try:
            storm.strike()
        except (DatabaseError, models.ProtectedError, models.ObjectDoesNotExist):
            connection.close()  # refused, locked or deadlocked: as a project has it


class Storm:
    """One process's share of it."""

    def __init__(self, rng):
        self.rng = rng
        self.names = (f"{os.getpid()}.{number}" for number in itertools.count())
        self.ways = [
            *(self.save, self.bulk_create, self.update, self.bulk_update, self.raw_sql),
            *(self.set_links, self.cascade, self.exchange, self.remake, self.child),
            *(self.roll_back, self.roll_back_a_part, self.hot, self.hot, self.hot),
        ]

    def strike(self):
        if self.rng.random() < 0.3:
            with transaction.atomic():
                for _ in range(3):
                    self.rng.choice(self.ways)()
        else:
            self.rng.choice(self.ways)()

    def some(self, model, number=1):
        rows = models.QuerySet(model=model).order_by("pk")
        keys = list(rows.values_list("pk", flat=True)[:500])
        chosen = self.rng.sample(keys, min(number, len(keys)))
        return list(rows.filter(pk__in=chosen))

    def hot(self):
        from shop.models import Product

        name = f"hot {self.rng.randrange(HOT)}"
        row = models.QuerySet(model=Product).filter(name=name)
        match self.rng.randrange(4):
            case 0:
                row.update(stock=F("stock") + 1)
            case 1:
                found = row.get()
                found.stock += 1
                found.seen = datetime.now(UTC)
                found.save()
            case 2:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "UPDATE shop_product SET stock = stock + 1 WHERE name = %s", [name]
                    )
            case 3:
                found = row.get()
                found.stock += 1
                models.QuerySet(model=Product).bulk_update([found], ["stock"])

    def save(self):
        from shop.models import Keyword, Label, Product, Tag

        Product(name=next(self.names), stock=self.rng.randrange(3)).save()
        Tag(name=next(self.names)).save()
        Keyword(shelf="x").save()
        for product in self.some(Product):
            Label.objects.create(product=product, parent=next(iter(self.some(Label)), None))

    def bulk_create(self):
        from shop.models import Tag

        Tag.objects.bulk_create(Tag(name=next(self.names)) for _ in range(5))

    def update(self):
        from shop.models import Product, Shelf

        Product.objects.filter(stock__lt=3).update(stock=self.rng.randrange(5))
        Shelf.objects.update(metres=F("metres") + 1)

    def bulk_update(self):
        from shop.models import Tag

        rows = self.some(Tag, 5)
        for row in rows:
            row.name = next(self.names)
        Tag.objects.bulk_update(rows, ["name"])

    def raw_sql(self):
        from shop.models import Keyword, Tag

        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO shop_tag (name) VALUES (%s)", [next(self.names)])
            for keyword in self.some(Keyword, 2):
                cursor.execute("DELETE FROM shop_keyword WHERE id = %s", [keyword.pk])
            for tag in self.some(Tag):
                cursor.execute("UPDATE shop_tag SET name = 'x' || name WHERE id = %s", [tag.pk])

    def set_links(self):
        from shop.models import Place, Product, Shop, Tag

        for product in self.some(Product):
            product.tags.set(self.some(Tag, 3))
            product.friends.set(self.some(Product, 2))
        for place in self.some(Place):
            place.tags.set(self.some(Tag, 2))
        for shop in self.some(Shop):
            shop.sells.set(self.some(Product, 2))

    def cascade(self):
        from shop.models import Label, Place, Product, Tag

        for model in (Label, Place, Tag):
            for row in self.some(model, 2):
                row.delete()
        cold = models.QuerySet(model=Product).exclude(name__startswith="hot").order_by("pk")
        for row in cold[:1]:
            row.delete()

    def exchange(self):
        """Unique values change their rows."""
        from shop.models import Tag

        rows = self.some(Tag, 2)
        if len(rows) == 2:
            with transaction.atomic():
                one, two = rows
                Tag.objects.filter(pk=one.pk).update(name=next(self.names))
                Tag.objects.filter(pk=two.pk).update(name=one.name)
                Tag.objects.filter(pk=one.pk).update(name=two.name)

    def remake(self):
        """Another row under the same number, and another number with the same name."""
        from shop.models import Tag

        for row in self.some(Tag):
            number = row.pk
            with transaction.atomic():
                row.delete()
                if self.rng.random() < 0.5:
                    Tag.objects.create(pk=number, name=next(self.names))
                else:
                    Tag.objects.create(name=row.name)

    def child(self):
        from shop.models import Place, Shop

        Shop.objects.create(name=next(self.names), floor=self.rng.randrange(5))
        Place.objects.create(name=next(self.names))
        for shop in self.some(Shop):
            shop.name, shop.floor = next(self.names), 7
            shop.save()
        Place.objects.filter(pk__in=[row.pk for row in self.some(Place)]).update(name="renamed")

    def roll_back(self):
        try:
            with transaction.atomic():
                self.save()
                self.cascade()
                raise KeyError
        except KeyError:
            pass

    def roll_back_a_part(self):
        with transaction.atomic():
            self.bulk_create()
            try:
                with transaction.atomic():
                    self.update()
                    raise KeyError
            except KeyError:
                pass
