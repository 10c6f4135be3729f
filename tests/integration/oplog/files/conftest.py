"""A log that may be rotated, and a reader of it that may be restarted."""

import pytest

from tests.support.rotation import Reader, RotatedLog


@pytest.fixture
def files(tmp_path):
    return RotatedLog(tmp_path)


@pytest.fixture
def open_reader(files):
    readers = []

    def open_(path=None, **options):
        readers.append(Reader(path or files.path, **{"poll_seconds": 60, **options}))
        return readers[-1]

    yield open_
    for reader in readers:
        reader.close()


@pytest.fixture
def reader(open_reader):
    return open_reader()


@pytest.fixture(params=["running", "down"])
def after_a_while(request, reader):
    """What lies between two looks at the log: nothing, or a restart of the process."""
    return reader.restart if request.param == "down" else lambda: None
