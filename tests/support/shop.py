"""Two projects with the same app: one records what happens to it, the other applies the log."""

import json

from tests.support.site import SETTINGS, Site

MODELS = """\
import uuid
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.fields.related import ManyToManyRel, RelatedField


class Keywords(RelatedField):
    # Passes for a many-to-many field, as the managers of packages for tags do.
    many_to_many = True
    many_to_one = one_to_many = one_to_one = False

    def __init__(self, to="shop.Tag", **options):
        rel = ManyToManyRel(self, to, through="shop.Keyword")
        super().__init__(rel=rel, **options | {"serialize": False})

    def contribute_to_class(self, cls, name, **options):
        self.set_attributes_from_name(name)
        self.remote_field.through = Keyword
        cls._meta.add_field(self)

    def check(self, **options):
        return []

    def db_type(self, connection):
        return None


class Keyword(models.Model):
    shelf = models.TextField()


class Tag(models.Model):
    name = models.CharField(max_length=50, unique=True)


class InStock(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(stock__gt=0)


class Product(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=50, unique=True)
    stock = models.IntegerField(default=1)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    seen = models.DateTimeField(null=True)
    opens = models.TimeField(null=True)
    keeps = models.DurationField(null=True)
    changed = models.DateTimeField(auto_now=True)
    extra = models.JSONField(default=dict)
    photo = models.BinaryField(default=b"")
    keywords = Keywords()
    tags = models.ManyToManyField(Tag, related_name="products")
    friends = models.ManyToManyField("self")

    objects = InStock()


class OnSale(Product):
    class Meta:
        proxy = True


class Place(models.Model):
    name = models.CharField(max_length=50)
    tags = models.ManyToManyField(Tag)


class Shop(Place):
    floor = models.IntegerField(default=0)
    sells = models.ManyToManyField(Product, through="Shelf")


class Shelf(models.Model):
    shop = models.ForeignKey(Shop, models.CASCADE)
    product = models.ForeignKey(Product, models.CASCADE)
    metres = models.IntegerField(default=1)


class Label(models.Model):
    product = models.ForeignKey(Product, models.SET_NULL, null=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True)


class Sticker(models.Model):
    kind = models.ForeignKey(ContentType, models.CASCADE, null=True)
    row = models.TextField()
    needs = models.ManyToManyField(Permission)
"""

SOURCE_SETTINGS = """
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop",
                  "tui_ingest.recorder"]
TUI_INGEST_RECORDER = {"LOG": BASE_DIR / "oplog.log", "FSYNC": False}
"""

TARGET_SETTINGS = """
# In another order: content types and permissions have other numbers than at the source.
INSTALLED_APPS = ["shop", "tui_ingest", "django.contrib.auth", "django.contrib.contenttypes"]
"""

PREAMBLE = """
from datetime import datetime, time, timedelta, UTC
from decimal import Decimal
from django.db import transaction
from django.db.models import F
from shop.models import *
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.relay import Relay

def record():
    Relay(get_settings(), "default").drain()
"""

# Every table of the app, row by row, whatever the managers show. What `migrate` numbers in each
# database is shown by name.
DUMP = """
import json
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
named = {
    "kind_id": {kind.pk: kind.natural_key() for kind in ContentType.objects.all()},
    "permission_id": {one.pk: one.natural_key() for one in Permission.objects.all()},
}
tables = {}
for model in apps.get_app_config("shop").get_models(include_auto_created=True):
    if model._meta.proxy:
        continue
    table = model._meta.db_table
    columns = [f.column for f in model._meta.local_concrete_fields]
    if model._meta.auto_created:
        columns.remove("id")  # the number of a link means nothing
    names = [named.get(column, {}) for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")
        tables[table] = sorted(
            str([name.get(value, value) for name, value in zip(names, row)])
            for row in cursor.fetchall()
        )
print(json.dumps(tables))
"""


class ShopSite(Site):
    """A project with the app `shop`."""

    def __init__(self, folder, settings):
        super().__init__(folder, SETTINGS + settings)
        self.log = folder / "oplog.log"
        app = folder / "shop"
        app.mkdir()
        (app / "__init__.py").touch()
        (app / "models.py").write_text(MODELS)
        made = self.manage("makemigrations", "shop")
        assert made.returncode == 0, made.stderr
        self.migrate()

    def do(self, code, **environment):
        """Run code with the app's models at hand; the records that this made.

        In the code, `record()` has the relay write what is pending.
        """
        before = len(self.lines())
        self.shell(f"{PREAMBLE}{code}\nrecord()\n", **environment)
        return self.lines()[before:]

    def lines(self):
        return self.log.read_bytes().splitlines(keepends=True) if self.log.exists() else []

    def tables(self):
        """Every row of every table of the app."""
        return json.loads(self.shell(DUMP))
