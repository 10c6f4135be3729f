"""The recorder's page in Django's admin: what is pending, for how long, and the last error."""

from tests.support.relays import RelayLog
from tests.support.shop import SOURCE_SETTINGS, ShopSite

ADMIN = """
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.sessions", "django.contrib.messages",
                  *INSTALLED_APPS]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware",
              "django.contrib.messages.middleware.MessageMiddleware"]
ROOT_URLCONF = "mysite.urls"
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}]
ALLOWED_HOSTS = ["testserver"]
"""
URLS = """
from django.contrib import admin
from django.urls import path
urlpatterns = [path("admin/", admin.site.urls)]
"""
PAGES = """
import re
from django.contrib.auth.models import User
from django.test import Client
client = Client()
client.force_login(User.objects.create_superuser("boss"))
for page in ("relaystatus", "change", "resend"):
    answer = client.get(f"/admin/tui_ingest_recorder/{page}/")
    assert answer.status_code == 200, page
    text = answer.content.decode()
    print(page, " ".join(re.sub("<[^>]*>", " ", text[text.index("result_list"):]).split()))
    assert client.get(f"/admin/tui_ingest_recorder/{page}/add/").status_code == 403
"""


def test_it_tells_what_is_pending_and_what_went_wrong(tmp_path, databases):
    source = ShopSite(tmp_path, SOURCE_SETTINGS + databases.new())
    (source.folder / "mysite" / "urls.py").write_text(URLS)
    source.add_settings(ADMIN)
    source.migrate()
    source.execute("INSERT INTO shop_tag (name) VALUES ('one'), ('two')")
    log = RelayLog(source, "broken", LOG=str(source.folder / "nowhere" / "oplog.log"))
    with log.relay() as relay:
        relay.says("waiting: log: [Errno 2]")
    assert source.manage("record_changes", "--resend", "shop.tag").returncode == 0
    relay, change, resend = source.shell(PAGES).splitlines()
    assert "not running 2 " in relay
    assert "log: [Errno 2] No such file or directory" in relay
    assert change.count("shop.tag") >= 2
    assert "waiting 0 2" in resend
