"""MariaDB looks at every reference at once; rows that need each other come there all the same."""

import pytest

from tests.support.databases import Databases
from tests.support.site import SETTINGS, Site

APPS = 'INSTALLED_APPS = ["django.contrib.contenttypes", "tui_ingest", "tests.project.office"]\n'
TRY = """
from pathlib import Path
from tempfile import TemporaryDirectory
from tests.support.office import HISTORIES, try_all_cuts

for name in HISTORIES:
    with TemporaryDirectory() as folder:
        try_all_cuts(Path(folder), "default", name)
    print(name)
"""


@pytest.mark.mariadb
def test_wherever_the_log_is_cut_the_rows_are_right(tmp_path, request, pytestconfig):
    site = Site(tmp_path, SETTINGS + Databases("mariadb", request).new() + APPS)
    found = {"PYTHONPATH": str(pytestconfig.rootpath)}
    migrated = site.manage("migrate", "--run-syncdb", **found)
    assert migrated.returncode == 0, migrated.stderr
    assert "made anew" in site.shell(TRY, **found)
