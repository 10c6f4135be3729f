"""Logs of the library: 60 % new rows, 30 % updates, 10 % deletions, of one kind of model each."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.benchmarks.polls_log import FIRST_SECOND, SEED, WORDS

TAGS = 50
LINKS = 3  # of a row
DELETED = 5  # rows in one record

Serialized = dict[str, Any]


class Change(NamedTuple):
    """A record, and how many rows it writes."""

    operation: str
    objects: list[Serialized]
    rows: int


Kind = Callable[[int], Iterator[Change]]


def _tags() -> Iterator[Change]:
    for pk in range(1, TAGS + 1):
        yield _save("tag", pk, {"name": f"tag {pk}"})


def _plain(records: int) -> Iterator[Change]:
    yield from _rows("plain", records)


def _filed(records: int) -> Iterator[Change]:
    yield from _rows("filed", records, lambda rng, pk: {"file": f"files/{pk}-{rng.random()}.png"})


def _tagged(records: int) -> Iterator[Change]:
    yield from _tags()
    yield from _rows("tagged", records, lambda rng, _: {"tag": [f"tag {rng.randint(1, TAGS)}"]})


def _linked(records: int) -> Iterator[Change]:
    """An update puts one link in place of another."""
    yield from _tags()
    links: dict[int, list[int]] = {}

    def more(rng: random.Random, pk: int) -> Serialized:
        before = links.get(pk, [])
        free = [tag for tag in range(1, TAGS + 1) if tag not in before]
        links[pk] = before[1:] + rng.sample(free, 1 if before else LINKS)
        return {"tags": links[pk]}

    for change in _rows("linked", records, more):
        is_update = change.operation == "SAVE" and change.rows == 0
        yield change._replace(rows=1 + (2 if is_update else LINKS))


def _friends(records: int) -> Iterator[Change]:
    """An update puts one friend in place of another; each link is two rows."""
    friends: dict[int, set[int]] = {}

    def more(rng: random.Random, pk: int) -> Serialized:
        own = friends.get(pk, set())
        others = rng.sample(range(1, len(friends) + 2), min(LINKS, len(friends)))
        free = [other for other in others if other in friends and other not in {*own, pk}]
        kept = sorted(own)[1:] if own else []
        return {"friends": kept + (free[:1] if own else free)}

    for operation, objects, _ in _rows("friend", records, more):
        pk, wanted = objects[0]["pk"], {*objects[0]["fields"]["friends"]}
        before = friends.setdefault(pk, set())
        if operation == "DELETE":
            wanted = set()
        for other in before ^ wanted:
            friends[other] ^= {pk}
        friends[pk] = wanted
        if operation == "DELETE":
            del friends[pk]
        yield Change(operation, objects, 1 + 2 * len(before ^ wanted))


def _cleared(records: int) -> Iterator[Change]:
    gone: list[Serialized] = []
    for change in _rows("plain", records):
        if change.operation == "SAVE":
            yield change
            continue
        gone += change.objects
        if len(gone) == DELETED:
            yield Change("DELETE", gone, DELETED)
            gone = []


def _family(records: int) -> Iterator[Change]:
    """As the recorder writes them: parent and child in one record; their deletions, in two."""
    for operation, objects, _ in _rows("page", records):
        own = {"intro": objects[0]["fields"]["title"], "likes": 1}
        child = _serialized("blogpage", objects[0]["pk"], own)
        if operation == "SAVE":
            yield Change(operation, [*objects, child], 2)
        else:
            yield Change(operation, [child], 1)
            yield Change(operation, objects, 1)


def _named(records: int) -> Iterator[Change]:
    for operation, objects, rows in _rows("nameable", records, lambda _, pk: {"name": f"n{pk}"}):
        del objects[0]["pk"]
        yield Change(operation, objects, rows)


KINDS: dict[str, Kind] = {
    "plain": _plain,
    "file field": _filed,
    "many-to-many": _linked,
    "symmetrical links": _friends,
    "several deletions": _cleared,
    "multi-table": _family,
    "natural foreign key": _tagged,
    "no primary key": _named,
}


def lines(kind: str, records: int) -> Iterator[tuple[bytes, int]]:
    """Yield the lines of a log, each with how many rows it writes."""
    for number, (operation, objects, rows) in enumerate(KINDS[kind](records)):
        text = json.dumps(objects, ensure_ascii=False)
        yield f"{FIRST_SECOND + number / 1000:.6f} {operation} {text}\n".encode(), max(rows, 1)


def _rows(
    model: str,
    records: int,
    more: Callable[[random.Random, int], Serialized] = lambda _rng, _pk: {},
) -> Iterator[Change]:
    """Yield changes of one model; an update has no rows: it says that it is one."""
    rng = random.Random(SEED)
    alive: list[int] = []
    last = 0
    for _ in range(records):
        dice = rng.random()
        if dice >= 0.4 or not alive:
            last += 1
            alive.append(last)
            yield _save(model, last, _text(rng) | more(rng, last))
        elif dice >= 0.1:
            pk = rng.choice(alive)
            yield _save(model, pk, _text(rng) | more(rng, pk))._replace(rows=0)
        else:
            place = rng.randrange(len(alive))
            alive[place], alive[-1] = alive[-1], alive[place]
            pk = alive.pop()
            yield Change("DELETE", [_serialized(model, pk, _text(rng) | more(rng, pk))], 1)


def _text(rng: random.Random) -> Serialized:
    return {
        "title": " ".join(rng.choices(WORDS, k=5)),
        "words": rng.randrange(1_000),
        "made": f"2023-10-27T08:31:{rng.randrange(60):02}.{rng.randrange(1_000):03}Z",
    }


def _save(model: str, pk: int, fields: Serialized) -> Change:
    return Change("SAVE", [_serialized(model, pk, fields)], 1)


def _serialized(model: str, pk: int, fields: Serialized) -> Serialized:
    return {"model": f"library.{model}", "pk": pk, "fields": fields}
