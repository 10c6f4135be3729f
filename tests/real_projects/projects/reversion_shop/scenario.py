"""Products that are changed, taken back to what they were, deleted and recovered."""

import reversion
from django.contrib.auth.models import User
from reversion.models import Version

from tests.real_projects.projects.reversion_shop.models import Label, Maker, Product


def calls():
    """Do one thing after the other; yield after each."""
    ann = User.objects.create_user("ann")
    yield
    for number in range(4):
        with reversion.create_revision():
            Label.objects.create(text=f"label {number}")
            maker = Maker.objects.create(name=f"maker {number}")
            for place in range(3):
                product = Product.objects.create(name=f"p{number}.{place}", price=1, maker=maker)
                product.labels.set(Label.objects.all()[:place])
            reversion.set_user(ann)
            reversion.set_comment("made")
        yield
    yield from _changed(ann)
    yield from _gone()


def _changed(ann):
    for product in Product.objects.order_by("name")[:6]:
        with reversion.create_revision():
            product.price *= 3
            product.save()
            product.labels.add(Label.objects.last())
            reversion.set_user(ann)
        yield
    product = Product.objects.order_by("name").first()
    yield Version.objects.get_for_object(product).last().revision.revert()


def _gone():
    maker = Maker.objects.first()
    with reversion.create_revision():
        maker.delete()
    yield
    yield Version.objects.get_deleted(Maker).first().revision.revert()
    yield Label.objects.first().delete()
    yield Version.objects.filter(db="default").order_by("pk").first().revision.delete()
