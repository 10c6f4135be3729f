"""Trees that grow, are rearranged, cut and rebuilt."""

from django.db import transaction

from tests.real_projects.projects.mptt_categories.models import Category, Place, Thing


def calls():
    """Do one thing after the other; yield after each."""
    yield from _grown()
    yield from _rearranged()
    yield from _cut()


def _grown():
    for number in range(15):
        parent = Category.objects.get(name=f"c{(number - 3) // 2}") if number > 2 else None
        yield Category.objects.create(name=f"c{number}", parent=parent)
    for name, inside in (("world", None), ("sea", "world"), ("bay", "sea"), ("land", "world")):
        parent = Place.objects.get(name=inside) if inside else None
        yield Place.objects.create(name=name, inside=parent)
    for number in range(6):
        yield Thing.objects.create(
            name=f"t{number}",
            category=Category.objects.get(name=f"c{number}"),
            place=Place.objects.get(name="bay"),
        )
        yield Thing.objects.last().also.set(Category.objects.all()[number : number + 3])


def _rearranged():
    yield _category("c3").move_to(_category("c2"), "first-child")
    yield _category("c0").move_to(_category("c1"), "right")
    yield _category("c9").move_to(_category("c6"), "left")
    yield _category("c4").move_to(None)
    child = _category("c5")
    child.parent = _category("c8")
    yield child.save()
    yield _category("c1").move_to(_category("c2"), "first-child")
    yield Place.objects.get(name="bay").move_to(Place.objects.get(name="land"))
    yield Place.objects.create(name="air", inside=Place.objects.get(name="world"))
    with transaction.atomic(), Category.objects.delay_mptt_updates():
        for number in range(3):
            Category.objects.create(name=f"late {number}", parent=_category("c2"))
    yield
    yield Category.objects.rebuild()


def _cut():
    yield _category("c14").delete()
    yield _category("c2").delete()
    yield Category.objects.filter(name__startswith="late").delete()
    yield Thing.objects.first().delete()
    yield Place.objects.get(name="bay").delete()


def _category(name):
    return Category.objects.get(name=name)
