"""What is known to be wrong with a record before the database is asked needs no savepoint."""

import pytest
from django.db import connections

from tests.support.lines import line, serialized
from tests.support.target import Target, saved

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

GOOD = 20  # enough for a run


def bad_lines(number):
    """Five kinds of records that no target can apply."""
    for pk in range(1, number + 1):
        yield saved("tag", pk, {"name": "a", "colour": "red"})
        yield saved("tag", pk, {"name": None})
        yield saved("label", pk, {"text": "a", "tag": "nobody"})
        yield line("SAVE", serialized("gallery.nothing", pk, {}))
        yield line("DELETE", serialized("auth.group", pk, {}))


def savepoints(target, bad):
    """Those of a batch with so many bad records of each kind."""
    asked = []

    def note(execute, sql, *rest):
        asked.append(sql)
        return execute(sql, *rest)

    good = [saved("tag", 1000 + pk, {"name": f"{pk}"}) for pk in range(GOOD)]
    with connections[target.database].execute_wrapper(note):
        result = target.apply(*good[: GOOD // 2], *bad_lines(bad), *good[GOOD // 2 :])
    assert result.set_aside == 5 * bad
    return [sql for sql in asked if sql.startswith("SAVEPOINT")]


def test_a_refused_record_takes_no_savepoint(tmp_path, database):
    target = Target(tmp_path, database)
    assert len(savepoints(target, 8)) == len(savepoints(target, 1))
