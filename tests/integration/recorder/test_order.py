"""Records are in an order that a target can follow one by one, however long the backlog is."""

import pytest

from tests.support.recorded import parsed
from tests.support.shop import SOURCE_SETTINGS, ShopSite


@pytest.fixture
def source(tmp_path, databases):
    return ShopSite(tmp_path, SOURCE_SETTINGS + databases.new())


BACKLOG = """
first = Product.objects.create(name="first")
label = Label.objects.create()
Tag.objects.bulk_create(Tag(name=f"tag {n}") for n in range(2000))
last = Product.objects.create(name="last")
last.tags.add(Tag.objects.get(name="tag 1999"))
first.friends.add(last)
first.tags.add(Tag.objects.get(name="tag 1998"))
label.product = last
label.save()
"""


def test_what_the_first_rows_of_a_backlog_refer_to_comes_with_them(source):
    """More than a round takes lies between them."""
    seen = set()
    for _, objects in parsed(source.do(BACKLOG)):
        seen |= {(o["model"], o["pk"]) for o in objects}
        for found in objects:
            fields = found["fields"]
            needed = {("shop.tag", key) for key in fields.get("tags", ())}
            needed |= {("shop.product", key) for key in fields.get("friends", ())}
            if found["model"] == "shop.label":
                needed.add(("shop.product", fields["product"]))
            assert needed <= seen, found
    assert len(seen) == 2003
