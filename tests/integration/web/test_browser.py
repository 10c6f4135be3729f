"""The pages in a real browser, under a strict policy, beside a service that is a process."""

import contextlib
import signal
import socket
import sqlite3
import urllib.request

import pytest

from tests.support.browser import browser
from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.lines import BAD, choice, question, questions
from tests.support.processes import started
from tests.support.site import SETTINGS, Site

pytestmark = pytest.mark.browser

WEB = """
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS += [
    *("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"),
    *("django.contrib.messages", "django.contrib.sessions", "django.contrib.staticfiles"),
]
MIDDLEWARE = [
    "mysite.urls.strict",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "mysite.urls"
STATIC_URL = "static/"
DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20}
"""
URLS = """\
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path


def strict(get_response):
    def answer(request):
        response = get_response(request)
        response["Content-Security-Policy"] = (
            "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
        )
        return response

    return answer


urlpatterns = [
    path("admin/", admin.site.urls),
    path("favicon.ico", lambda request: HttpResponse(status=204)),
]
"""
USERS = """\
from django.contrib.auth.models import User
User.objects.create_superuser("ann", "", "secret")
"""
LOGS = "/admin/tui_ingest/processedfile/"
LETTERS = "/admin/tui_ingest/deadletter/"


class Project:
    """A project with a web server, a log, and a service to be started."""

    def __init__(self, folder):
        self.site = Site(folder, SETTINGS + WEB)
        (folder / "mysite" / "urls.py").write_text(URLS)
        self.site.migrate()
        self.site.shell(USERS)
        self.log = folder / "oplog.log"
        self.log.write_bytes(question(1))
        self._output = folder / "service.txt"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def serving(self):
        arguments = ("manage.py", "runserver", "--noreload", str(self.port))
        output = self.site.folder / "server.txt"
        with started(self.site, output, *arguments) as self.server:
            eventually(self._answers, what="the server answers")
            yield

    def _answers(self):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.address}/favicon.ico"):
            return True

    @contextlib.contextmanager
    def service(self):
        arguments = ("manage.py", "ingest_objects", str(self.log))
        with started(self.site, self._output, *arguments) as process:
            yield process
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=DEADLINE_SECONDS)

    def append(self, *lines):
        with self.log.open("ab") as log:
            log.writelines(lines)

    def asked(self, sql):
        """The first column of the first row that the database has."""
        connection = sqlite3.connect(self.site.folder / "site.sqlite3", timeout=20)
        try:
            return connection.execute(sql).fetchone()[0]
        finally:
            connection.close()

    def questions(self):
        return self.asked("SELECT count(*) FROM polls_question")


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    with made.serving():
        yield made


@pytest.fixture
def window(project):
    """A browser in which somebody has logged in; it has nothing to complain of in the end."""
    with browser(project.address) as opened:
        opened.log_in("ann", "secret")
        yield opened
        assert opened.complaints() == []


def test_a_log_is_seen_live_paused_and_resumed(project, window):
    window.open(LOGS)
    window.shows("No log has been read yet")
    window.mark()
    with project.service():
        window.shows("✓ CAUGHT UP nothing unread")
        project.append(choice(2, of=1), BAD)
        window.shows("✓ CAUGHT UP · 1 open")
        assert window.is_marked()

        window.find(".tui-logs a").click()
        window.shows("polls.choice 1 0 0 0 0")
        window.shows("bad_value 1")
        window.mark()
        project.append(questions(range(10, 400)))
        window.shows("polls.question 391 0 0 1 0")
        eventually(lambda: "▁" in window.text_of(".tui-bars"), what="a rate over time")
        window.shows("Live, as of")
        assert window.is_marked()

        window.press("#tui-order-pause")
        window.shows("‖ PAUSED by order of ann in the admin")
        window.shows("Pause ann in the admin Paused at byte")
        project.append(questions(range(400, 410)))
    window.shows("■ STOPPED The next session starts paused, by order of ann in the admin.")

    with project.service():  # it was started again: paused as before
        window.shows("‖ PAUSED by order of ann in the admin")
        window.press("#tui-order-step")
        window.shows("polls.question 392 0 0 1 0")
        assert project.questions() == 392
        window.press("#tui-order-resume")
        window.shows("polls.question 401 0 0 1 0")
        window.shows("✓ CAUGHT UP · 1 open")
    window.shows("■ STOPPED")


def test_a_database_that_is_away_leaves_the_last_figures_and_their_time(project, window):
    with project.service():
        window.open(LOGS)
        window.shows("✓ CAUGHT UP nothing unread")
        window.mark()
    database, kept = project.site.folder / "site.sqlite3", project.site.folder / "kept.sqlite3"
    window.shows("■ STOPPED")
    database.rename(kept)
    database.mkdir()  # which nobody can open
    window.shows("Not refreshed since")
    window.shows(": The database does not answer, or refuses to be used now.")
    assert window.has(".tui-stale .tui-logs a")
    assert "oplog.log ■ STOPPED" in window.text
    since = window.find("#tui-now").text
    window.shows("The database does not answer")
    assert window.find("#tui-now").text == since
    database.rmdir()
    kept.rename(database)
    window.shows("Live, as of")
    assert window.is_marked()
    assert all("503" in complaint for complaint in window.complaints())


def test_dead_letters_are_put_right_and_given_up(project, window):
    project.append(BAD, question(2).replace(b'"pub_date": "', b'"pub_date": "soon, '))
    done = project.site.manage("ingest_objects", str(project.log), "--once")
    assert done.returncode == 3, done.stderr
    window.open(LETTERS)
    window.shows("Open, by reason: bad_value 2")

    window.find("th.field-id a").click()
    window.shows("dead letter 1 · 1 attempt")
    assert window.has(".tui-at-fault")
    window.mark()
    window.find("#tui-discard").click()  # the browser itself asks for a reason
    assert window.is_marked()
    window.write("#tui-why", "Not ours.")
    window.press("#tui-discard")
    window.shows("DISCARDED")
    window.shows("Not ours. (in the admin, by ann)")

    window.press("#tui-next")
    line = window.find("#tui-line").get_attribute("value")
    window.write("#tui-line", line.replace("soon, ", "?"))
    window.press("#tui-edit")
    window.shows("Not applied: ")
    window.write("#tui-line", line.replace("soon, ", ""))
    window.press("#tui-edit")
    window.shows("APPLIED")
    assert not window.has("#tui-next")
    assert project.questions() == 2


def test_it_says_when_what_it_shows_is_old(project, window):
    window.open(LOGS)
    window.shows("Live, as of")
    project.server.send_signal(signal.SIGSTOP)
    window.shows("Not refreshed since")
    window.shows("the server does not answer.")
    project.server.send_signal(signal.SIGCONT)
    window.shows("Live, as of")
    window.driver.delete_all_cookies()
    window.shows("Not refreshed since")
    window.shows("you are logged out")
    window.complaints()  # Chromium's own of requests that failed


def test_without_scripts_it_can_be_read(project):
    done = project.site.manage("ingest_objects", str(project.log), "--once")
    assert done.returncode == 0, done.stderr
    with browser(project.address, scripts=False) as window:
        window.open("/admin/")
        window.write("[name=username]", "ann")
        window.write("[name=password]", "secret")
        window.find("[type=submit]").click()
        window.shows("Recent actions")
        window.open(LOGS)
        window.shows("Reload the page to see what has happened since")
        window.shows("oplog.log ■ FINISHED nothing unread")
