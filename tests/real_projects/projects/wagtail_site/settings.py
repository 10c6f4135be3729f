"""Wagtail: its own receivers unpublish a page that goes, keep an index of references, and more."""

from tests.real_projects.harness.settings import *  # noqa: F403  # as settings do

INSTALLED_APPS = [
    "tests.real_projects.projects.wagtail_site",
    "wagtail.contrib.redirects",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "tui_ingest",
]
ROOT_URLCONF = "tests.real_projects.projects.wagtail_site.urls"
WAGTAIL_SITE_NAME = "site"
WAGTAILADMIN_BASE_URL = "http://localhost"
TUI_INGEST = {
    "MODELS": [
        *("wagtail_site", "wagtailcore", "wagtailimages", "wagtaildocs", "wagtailredirects"),
        *("wagtailadmin", "wagtailusers", "taggit", "auth"),
    ]
}
