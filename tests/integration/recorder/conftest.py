"""Recorded projects on every kind of database."""

import pytest

from tests.support.databases import KINDS, Databases


@pytest.fixture(scope="session", params=KINDS)
def databases(request):
    """A maker of empty databases; a test that asks for it runs on every kind."""
    return Databases(request.param, request)
