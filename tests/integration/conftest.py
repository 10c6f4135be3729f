"""Projects whose sessions are processes, on both kinds of database."""

import pytest

from tests.support.databases import Databases
from tests.support.site import SETTINGS, Site


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request, tmp_path):
    """A migrated project with a database of its own."""
    made = Site(tmp_path, SETTINGS + Databases(request.param, request).new())
    made.migrate()
    return made
