"""What most of these begin with: a log that is not written yet, or one with its target."""

import pytest

from tests.support.target import Target


@pytest.fixture
def log(tmp_path):
    return tmp_path / "oplog.log"


@pytest.fixture
def target(tmp_path, database):
    """A log of the gallery and the database that it is applied to, one of each kind."""
    return Target(tmp_path, database)
