"""Pages with what pages have: tags, related links in an order, rich text, blocks, references."""

from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.models import TaggedItemBase
from wagtail.blocks import CharBlock, PageChooserBlock, RichTextBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page
from wagtail.snippets.models import register_snippet


@register_snippet
class Topic(models.Model):
    name = models.CharField(max_length=40, unique=True)


class SectionPage(Page):
    intro = RichTextField(blank=True)


class ArticleTag(TaggedItemBase):
    content_object = ParentalKey(
        "wagtail_site.ArticlePage", on_delete=models.CASCADE, related_name="tagged_items"
    )


class ArticlePage(Page):
    body = StreamField(
        [("heading", CharBlock()), ("text", RichTextBlock()), ("page", PageChooserBlock())],
        blank=True,
    )
    tags = ClusterTaggableManager(through=ArticleTag, blank=True)
    topics = ParentalManyToManyField(Topic, blank=True)
    see = models.ForeignKey(Page, null=True, on_delete=models.SET_NULL, related_name="+")


class Link(Orderable):
    page = ParentalKey(ArticlePage, on_delete=models.CASCADE, related_name="links")
    title = models.CharField(max_length=40)
