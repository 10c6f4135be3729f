"""Which project a session belongs to."""

import pytest

from tui_ingest.running.bootstrap import choose
from tui_ingest.running.exit_status import BootstrapError

DJANGO_MANAGE_PY = """\
#!/usr/bin/env python
import os
import sys

raise RuntimeError("nobody asked to run this")


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "manage.py").write_text(DJANGO_MANAGE_PY)
    folder = tmp_path / "logs" / "today"
    folder.mkdir(parents=True)
    return tmp_path


def test_the_option_wins(project):
    chosen = choose("other.settings", {"DJANGO_SETTINGS_MODULE": "env.settings"}, project)
    assert chosen.settings == "other.settings"
    assert chosen.folder == project


def test_then_the_environment(project):
    chosen = choose(None, {"DJANGO_SETTINGS_MODULE": "env.settings"}, project)
    assert chosen.settings == "env.settings"


def test_then_a_manage_py_above_which_is_read_but_not_run(project):
    chosen = choose(None, {}, project / "logs" / "today")
    assert chosen.settings == "mysite.settings"
    assert chosen.folder == project
    assert chosen.label == "mysite.settings"


def test_then_the_demo(tmp_path):
    chosen = choose(None, {"DJANGO_SETTINGS_MODULE": ""}, tmp_path)
    assert chosen.is_demo
    assert chosen.label == "demo project"


def test_the_demo_also_where_the_folder_is_gone():
    assert choose(None, {}, None).is_demo


def test_a_manage_py_of_something_else_is_passed_by(project):
    (project / "logs" / "manage.py").write_text("print('flask')")
    assert choose(None, {}, project / "logs").settings == "mysite.settings"


def test_an_assignment_names_the_module_too(project):
    (project / "manage.py").write_text('os.environ["DJANGO_SETTINGS_MODULE"] = "a.b"')
    assert choose(None, {}, project).settings == "a.b"


@pytest.mark.parametrize(
    "source",
    [
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", os.environ["SITE"])',
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b"',
        'print "DJANGO_SETTINGS_MODULE"',
        "# DJANGO_SETTINGS_MODULE\0",
    ],
)
def test_a_manage_py_that_must_be_run_to_be_understood_asks_for_the_option(project, source):
    (project / "manage.py").write_text(source)
    with pytest.raises(BootstrapError, match="--settings") as caught:
        choose(None, {}, project)
    assert str(project / "manage.py") in str(caught.value)
    assert caught.value.status == 1
