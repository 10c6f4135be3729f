"""Two projects with the same app: one records what happens to it, the other applies the log."""

from tests.support.recorded import RecordedSite

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


class ShopSite(RecordedSite):
    """A project with the app `shop`."""

    def __init__(self, folder, settings):
        super().__init__(folder, settings, app="shop", models=MODELS)
