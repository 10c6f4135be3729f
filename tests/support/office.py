"""What happens in the project `office`, and every way of cutting its log into runs."""

import itertools

from django.db import connections, transaction

from tests.project.office.models import Account, Department, Desk, Page, Person, Remark, Telephone
from tests.support.lines import line, serialized
from tests.support.target import Target


def item(model, pk, **fields):
    return serialized(f"office.{model}", pk, fields)


def save(model, pk, **fields):
    return line("SAVE", item(model, pk, **fields))


def delete(model, pk):
    return line("DELETE", item(model, pk))


def department(pk, head, name=None):
    return save("department", pk, name=name or f"d{pk}", head=head)


def person(pk, of, badge=None, boss=None):
    return save("person", pk, department=of, badge=badge or pk, boss=boss)


def page(pk, path):
    return save("page", pk, path=path)


def desk(pk, room, number, owner=None):
    return save("desk", pk, room=room, number=number, owner=owner)


PAGES = [page(1, "a"), page(2, "b"), page(3, "c"), *(save("remark", n, page=n) for n in (1, 2, 3))]
STAFF = [department(1, head=1), *(person(n, of=1) for n in (1, 2, 3))]
DESKS = [desk(n, "x", n, owner=n) for n in (1, 2, 3)]
# By name: what is there before, what happens then, and what that leaves.
HISTORIES = {
    "a department and its head": (
        [],
        [department(1, head=1), person(1, of=1)],
        (Department, ("pk", "head_id"), [(1, 1)]),
    ),
    "a circle of three": (
        [],
        [department(1, head=2), person(1, of=1), department(2, head=1), person(2, of=2)],
        (Person, ("pk", "department_id"), [(1, 1), (2, 2)]),
    ),
    "two rows exchange a text": (
        PAGES,
        [page(1, "b"), page(2, "a")],
        (Page, ("pk", "path"), [(1, "b"), (2, "a"), (3, "c")]),
    ),
    "three rows exchange a number": (
        STAFF,
        [person(1, of=1, badge=2), person(2, of=1, badge=3), person(3, of=1, badge=1)],
        (Person, ("pk", "badge"), [(1, 2), (2, 3), (3, 1)]),
    ),
    "values are shifted": (
        PAGES,
        [page(1, "b"), page(2, "c"), page(3, "d")],
        (Page, ("pk", "path"), [(1, "b"), (2, "c"), (3, "d")]),
    ),
    "a new row shifts the others": (
        PAGES,
        [page(4, "a"), page(1, "b"), page(2, "c"), page(3, "d")],
        (Page, ("pk", "path"), [(1, "b"), (2, "c"), (3, "d"), (4, "a")]),
    ),
    "two columns, and an owner": (
        STAFF + DESKS,
        [desk(1, "x", 2, owner=3), desk(2, "x", 3, owner=1), desk(3, "x", 1, owner=2)],
        (Desk, ("pk", "number", "owner_id"), [(1, 2, 3), (2, 3, 1), (3, 1, 2)]),
    ),
    "which one is the main one": (
        [
            *(STAFF + DESKS),
            save("telephone", 1, desk=1, is_main=True),
            save("telephone", 2, desk=1, is_main=False),
        ],
        [
            save("telephone", 2, desk=1, is_main=True),
            save("telephone", 1, desk=1, is_main=False),
        ],
        (Telephone, ("pk", "is_main"), [(1, False), (2, True)]),
    ),
    "who has left does not go with the department": (
        [*STAFF, department(2, head=2), person(2, of=2), *DESKS],
        [
            person(3, of=2, badge=2),
            person(2, of=2, badge=3),
            desk(1, "x", 1),
            delete("department", 1),
            delete("person", 1),
        ],
        (Desk, ("pk", "owner_id"), [(1, None), (2, 2), (3, 3)]),
    ),
    "addresses that are the same but for their case": (
        [save("account", 1, address="ada"), save("account", 2, address="EVE")],
        [save("account", 1, address="Eve"), save("account", 2, address="Ada")],
        (Account, ("pk", "address"), [(1, "Eve"), (2, "Ada")]),
    ),
    "made anew before it is deleted": (
        PAGES,
        [page(9, "a"), save("remark", 1, page=9), delete("page", 1)],
        (Page, ("pk", "path"), [(2, "b"), (3, "c"), (9, "a")]),
    ),
    "deleted and made anew": (
        PAGES,
        [save("remark", 1, page=2), delete("page", 1), page(9, "a")],
        (Page, ("pk", "path"), [(2, "b"), (3, "c"), (9, "a")]),
    ),
}


def cuts(lines):
    """Every way of reading some lines in several runs."""
    for places in itertools.product([False, True], repeat=len(lines) - 1):
        runs = [[lines[0]]]
        for is_cut, one in zip(places, lines[1:], strict=True):
            if is_cut:
                runs.append([])
            runs[-1].append(one)
        yield runs


def try_all_cuts(folder, database, name):
    """Read the log of a history in every number of runs; the rows have to be right each time."""
    before, lines, (model, columns, expected) = HISTORIES[name]
    for number, runs in enumerate(cuts(lines)):
        (folder / str(number)).mkdir()
        target = Target(folder / str(number), database)
        empty(database)
        target.apply(*before)
        remarks = target.rows(Remark).count()
        for run in runs:
            target.apply(*run)
        found = target.rows(model).order_by("pk").values_list(*columns)
        assert list(found) == expected, runs
        assert open_letters(target) == [], runs
        assert target.rows(Remark).count() == remarks
        target.letters().delete()


def empty(database):
    """Take away all rows. Those that need each other cannot go one after the other everywhere."""
    disabled = connections[database].constraint_checks_disabled()
    with transaction.atomic(using=database), disabled:
        for model in (Remark, Page, Telephone, Desk, Person, Department, Account):
            model.objects.using(database).all()._raw_delete(database)


def open_letters(target):
    return [letter.error for letter in target.letters() if letter.status == "open"]
