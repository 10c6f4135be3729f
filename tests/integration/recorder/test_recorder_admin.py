"""The recorder's page in Django's admin: what is pending, for how long, and the last error."""

from tests.support.engine import eventually
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

RELAYS = """
from django.contrib.auth.models import User
from django.test import Client
client = Client()
client.force_login(User.objects.create_superuser("boss"))
print(client.get("/admin/tui_ingest_recorder/relaystatus/").status_code)
"""

LOCKED = """
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from tui_ingest.databases import waits
client = Client()
client.force_login(User.objects.create_superuser("boss"))
waits.LOCK_SECONDS = 0.2
vendor = connection.vendor
if vendor == "sqlite":
    connection.settings_dict["OPTIONS"]["timeout"] = 0.1
    connection.close()
other = connection.copy()
with other.cursor() as cursor:
    if vendor == "postgresql":
        cursor.execute("BEGIN")
    cursor.execute({
        "sqlite": "BEGIN EXCLUSIVE",
        "postgresql": "LOCK TABLE tui_ingest_recorder_change IN ACCESS EXCLUSIVE MODE",
        "mysql": "LOCK TABLES tui_ingest_recorder_change WRITE",
    }[vendor])
for page in ("relaystatus", "change"):
    answer = client.get(f"/admin/tui_ingest_recorder/{page}/")
    print(answer.status_code, answer["Retry-After"], answer.content.decode())
other.close()
print(client.get("/admin/tui_ingest_recorder/change/").status_code)
"""


def with_admin(folder, databases):
    source = ShopSite(folder, SOURCE_SETTINGS + databases.new())
    (source.folder / "mysite" / "urls.py").write_text(URLS)
    source.add_settings(ADMIN)
    source.migrate()
    return source


def test_a_table_that_somebody_holds_is_said_and_not_waited_for(tmp_path, databases):
    printed = with_admin(tmp_path, databases).shell(LOCKED)
    assert printed.count("503 5 <!DOCTYPE html>") == 2
    assert printed.count("The database is locked: somebody else is writing to it.</h1>") == 2
    assert "none is lost" in printed
    assert printed.splitlines()[-1] == "200"


def test_it_tells_what_is_pending_and_what_went_wrong(tmp_path, databases):
    source = with_admin(tmp_path, databases)
    source.execute("INSERT INTO shop_tag (name) VALUES ('one'), ('two')")
    log = RelayLog(source, "broken", LOG=str(source.folder / "nowhere" / "oplog.log"))
    with log.relay() as relay:
        relay.says(f"waiting: log: The folder {source.folder / 'nowhere'} does not exist. Make it")
    assert source.manage("record_changes", "--resend", "shop.tag").returncode == 0
    relay, change, resend = source.shell(PAGES).splitlines()
    assert "not running 2 " in relay
    assert "does not exist. Make it, or change LOG in TUI_INGEST_RECORDER." in relay
    assert change.count("shop.tag") >= 2
    assert "waiting 0 2" in resend


def test_it_can_be_looked_at_where_the_log_is_not(tmp_path, databases):
    source = with_admin(tmp_path, databases)
    elsewhere = RelayLog(source, "elsewhere", LOG=str(source.folder / "nowhere" / "oplog.log"))
    assert "no relay is running" in elsewhere.command("--status").stdout
    source.add_settings(
        'TUI_INGEST_RECORDER = {"LOG": BASE_DIR / "nowhere" / "oplog.log", "FSYNC": False}'
    )
    assert source.shell(RELAYS) == "200\n"


def test_who_looks_leaves_nothing_that_a_relay_of_another_user_cannot_open(tmp_path):
    source = ShopSite(tmp_path, SOURCE_SETTINGS)
    log = RelayLog(source, "looked_at")
    assert not log.status()["is_running"]
    lock = log.path.with_name(f".{log.path.name}.lock")
    assert not lock.exists()
    with log.relay():
        eventually(lambda: log.status()["is_running"], what="a relay")
        assert lock.stat().st_mode & 0o444 == 0o444, "everybody may look"
    assert not log.status()["is_running"]
