"""A site that is written, published, moved about, copied and pruned, by Wagtail's own calls."""

from django.contrib.auth.models import User
from wagtail.models import Collection, Locale, Page, Site

from tests.real_projects.projects.wagtail_site.models import (
    ArticlePage,
    Link,
    SectionPage,
    Topic,
)


def calls():
    """Do one thing after the other; yield after each."""
    ann = User.objects.create_superuser("ann")
    yield
    yield Locale.objects.create(language_code="en")
    yield Collection.add_root(name="Root")
    yield Page.add_root(instance=Page(title="Root", slug="root"))
    home = SectionPage(title="Home", slug="home")
    yield Page.objects.get(depth=1).add_child(instance=home)
    yield Site.objects.create(hostname="localhost", root_page=home, is_default_site=True)
    for number in range(4):
        yield Topic.objects.create(name=f"topic {number}")
    yield from _written(home, ann)
    yield from _moved()
    yield from _copied(ann)
    yield from _pruned(ann)


def _written(home, ann):
    for number in range(4):
        section = SectionPage(title=f"Section {number}", slug=f"s{number}", intro="<p>x</p>")
        yield _fresh(home).add_child(instance=section)
        for place in range(3):
            article = ArticlePage(title=f"Article {number}.{place}", slug=f"a{number}-{place}")
            article.body = [("heading", "A heading"), ("page", section.page_ptr)]
            article.see = home.page_ptr
            yield _fresh(section).add_child(instance=article)
            article.tags.add("red", f"tag {place}")
            article.topics = Topic.objects.all()[: place + 1]
            article.links = [Link(title=f"link {n}", sort_order=n) for n in range(place)]
            yield article.save_revision(user=ann).publish(user=ann)
    article = ArticlePage.objects.get(slug="a1-1")
    article.title = "Article, revised"
    article.tags.remove("red")
    yield article.save_revision(user=ann).publish(user=ann)
    article.title = "Article, a draft"
    yield article.save_revision(user=ann)


def _moved():
    yield _page("s0").move(_page("s2"), pos="first-child")
    yield _page("s3").move(_page("s1"), pos="left")
    yield _page("a1-2").move(_page("a1-0"), pos="left")
    yield _page("a2-0").move(_page("s3"), pos="last-child")
    yield _page("s0").move(_page("home"), pos="first-child")
    page = _page("a1-0").specific
    page.slug = "renamed"
    yield page.save()


def _copied(ann):
    yield _page("s2").copy(
        recursive=True, to=_page("s3"), update_attrs={"slug": "copied", "title": "Copied"}, user=ann
    )
    yield _page("a1-1").specific.copy(update_attrs={"slug": "twin"}, user=ann)


def _pruned(ann):
    yield _page("a2-1").unpublish(user=ann)
    yield _page("a0-0").delete()
    yield _page("s3").specific.delete()
    yield _page("s1").delete(user=ann)
    yield Topic.objects.first().delete()
    yield ann.delete()


def _page(slug):
    return Page.objects.filter(slug=slug).earliest("pk")


def _fresh(page):
    """A page as it is in the tree by now."""
    return Page.objects.get(pk=page.pk)
