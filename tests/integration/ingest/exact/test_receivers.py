"""Rows are replicated, business logic is not repeated: only receivers that are named are told."""

import threading

import pytest
from django.db import connections
from django.db.models import signals

from tests.project.gallery.models import Artist, Exhibition, Known, Passport, Tag, Work
from tests.support.lines import line, line_of_text
from tests.support.target import deleted, dumped, saved
from tui_ingest.ingest import deadletters

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres", "source"])

NAMES = ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
SIGNALS = {name: getattr(signals, name) for name in NAMES}
TAGS = [saved("tag", number, {"name": name, "note": ""}) for number, name in enumerate("abc", 1)]
ARTIST = saved("artist", 1, {"code": "rem", "favourite": None})


def work(pk=1, **fields):
    return saved("work", pk, {"title": "w", "artist": "rem", "sequel_of": None, **fields})


@pytest.fixture
def heard():
    """What a receiver for every model of the process is told."""
    told = []

    def hear(sender, signal, **_):
        told.append((next(n for n, s in SIGNALS.items() if s is signal), sender))

    for signal in SIGNALS.values():
        signal.connect(hear)
    yield told
    for signal in SIGNALS.values():
        signal.disconnect(hear)


def test_nobody_is_told_of_rows_and_links_one_by_one(target, heard):
    target.accept(*TAGS, ARTIST, work(tags=[1, 2]), work(tags=[3], related=[1]))
    target.accept(saved("passport", 1, {"number": "1"}), deleted("artist", 1))
    assert not target.rows(Work).exists()
    assert not target.rows(Passport).exists()
    assert heard == []


def test_nobody_is_told_of_rows_that_are_written_at_once(target, heard):
    lines = [saved("tag", pk, {"name": f"t{pk}", "note": ""}) for pk in range(1, 81)]
    target.accept(*lines, *(deleted("tag", pk) for pk in range(1, 80)))
    assert target.rows(Tag).count() == 1
    assert heard == []


def test_nobody_is_told_of_dead_letters_and_what_is_done_about_them(target, heard):
    orphan = target.refuse(work())
    twice = target.refuse(
        line("SAVE", *(dumped("tag", n, {"name": "a", "note": ""}) for n in (1, 2)))
    )
    target.accept(ARTIST)  # and the orphan comes back by itself
    engine = target.engine()
    deadletters.edit(engine, twice.pk, TAGS[0].removesuffix(b"\n"))
    assert deadletters.retry(engine, twice.pk).applied
    deadletters.discard(engine, target.refuse(line_of_text("SAVE", "[{]")).pk, why="no use")
    assert target.rows(Work).exists()
    assert not target.letters().filter(pk=orphan.pk, status="open").exists()
    assert heard == []


def test_others_in_the_process_send_their_signals_as_ever(target, heard):
    """Silence is not a state of the process: a view goes on working while a log is applied."""
    seen = []

    def save_elsewhere(execute, sql, params, many, context):
        if "gallery_artist" in sql and not seen:
            seen.append(sql)
            thread = threading.Thread(target=save)
            thread.start()
            thread.join()
        return execute(sql, params, many, context)

    def save():
        # Never the database that is being written: on SQLite that one is locked.
        Tag(name="elsewhere").save_base(using="source")
        connections["source"].close()

    with connections[target.database].execute_wrapper(save_elsewhere):
        engine = target.engine()
        letter = target.refuse(saved("artist", 1, {"code": "rem", "favourite": 7, "colour": 1}))
        deadletters.edit(engine, letter.pk, ARTIST.removesuffix(b"\n"))
        assert deadletters.retry(engine, letter.pk).applied
    assert target.rows(Artist).exists()
    assert heard == [("pre_save", Tag), ("post_save", Tag)]


# Those that RECEIVERS names

HERE = __name__


class Listener:
    """Notes what it is told, as text."""

    def __init__(self, database):
        self.database = database
        self.told = []

    def hear(self, signal, sender, instance, using, **given):
        assert using == self.database
        name = next(name for name, known in SIGNALS.items() if known is signal)
        given.pop("origin", None)
        given.pop("model", None)
        self.told.append((name, str(instance), instance.pk, dict(sorted(given.items()))))


@pytest.fixture
def listener(target):
    """It hears of tags, works, artists and the links of works."""
    found = Listener(target.database)
    senders = (Tag, Work, Artist, Passport, Work.tags.through, Work.related.through)
    for signal in SIGNALS.values():
        for sender in senders:
            signal.connect(found.hear, sender=sender)
    yield found
    for signal in SIGNALS.values():
        for sender in senders:
            signal.disconnect(found.hear, sender=sender)


def told(listener):
    found = [(name, given) for name, _, _, given in listener.told]
    listener.told.clear()
    return found


def test_a_record_is_told_of_as_a_raw_save_of_django(target, listener):
    target.accept(ARTIST, receivers=["*"])
    raw = {"raw": True, "update_fields": None}
    assert told(listener) == [("pre_save", raw), ("post_save", {**raw, "created": True})]
    target.accept(ARTIST, saved("artist", 1, {"code": "REM"}), receivers=[f"{HERE}.Listener"])
    some = {"raw": True, "update_fields": {"code"}}
    assert told(listener) == [
        *(("pre_save", raw), ("post_save", {**raw, "created": False})),
        *(("pre_save", some), ("post_save", {**some, "created": False})),
    ]
    target.accept(deleted("artist", 1), deleted("artist", 1), receivers=[HERE])
    assert told(listener) == [("pre_delete", {}), ("post_delete", {})]


def test_links_are_told_of_as_django_would(target, listener):
    target.accept(*TAGS, ARTIST, work(1), work(2))
    target.accept(work(1, tags=[1, 2], related=[2]), receivers=["*"])
    of_links = [one for one in told(listener) if one[0] == "m2m_changed"]
    add = {"reverse": False, "pk_set": {1, 2}}
    both = {"reverse": False, "pk_set": {2}}
    assert of_links == [
        ("m2m_changed", {"action": "pre_add", **add}),
        ("m2m_changed", {"action": "pre_add", **both}),
        ("m2m_changed", {"action": "post_add", **add}),
        ("m2m_changed", {"action": "post_add", **both}),
    ]
    target.accept(work(1, tags=[2, 3]), receivers=["*"])
    of_links = [given for _, given in told(listener) if "action" in given]
    assert [(given["action"], given["pk_set"]) for given in of_links] == [
        *(("pre_remove", {1}), ("pre_add", {3})),
        *(("post_remove", {1}), ("post_add", {3})),
    ]
    target.accept(work(1, tags=[3, 2]), receivers=["*"])
    assert not [given for _, given in told(listener) if "action" in given]


def test_what_goes_along_is_told_of(target, listener):
    target.accept(ARTIST, work(7), saved("passport", 1, {"number": "1"}))
    target.accept(deleted("artist", 1), receivers=["*"])
    names = [(name, text) for name, text, _, _ in listener.told]
    kinds = {text.partition(" ")[0] for _, text in names}
    assert kinds == {"Work", "Artist", "Passport"}
    assert [name for name, _ in names] == ["pre_delete"] * 3 + ["post_delete"] * 3


def test_of_a_run_all_is_told_before_and_all_after(target, listener):
    lines = [saved("tag", pk, {"name": f"t{pk}", "note": ""}) for pk in range(1, 81)]
    counts = []

    def count(signal, **_):
        counts.append(target.rows(Tag).count())

    for signal in (signals.pre_save, signals.post_save):
        signal.connect(count, sender=Tag)
    try:
        target.accept(*lines, receivers=["*"])
    finally:
        for signal in (signals.pre_save, signals.post_save):
            signal.disconnect(count, sender=Tag)
    assert counts == sorted(counts)
    assert len(set(counts)) <= 3  # before, between and after two batches
    for name in ("pre_save", "post_save"):
        assert [pk for heard, _, pk, _ in listener.told if heard == name] == [*range(1, 81)]


def test_only_what_is_named_is_called(target, listener):
    def local(**_):
        raise AssertionError

    signals.post_save.connect(local, sender=Artist)
    try:
        target.accept(ARTIST, receivers=[f"{HERE}.Listener.hear"])
    finally:
        signals.post_save.disconnect(local, sender=Artist)
    assert len(listener.told) == 2
    listener.told.clear()
    target.accept(ARTIST, receivers=[f"{HERE}.Listen"])
    assert listener.told == []


def test_an_asynchronous_receiver_is_waited_for(target):
    heard = []

    async def hear(instance, **_):
        heard.append(instance.code)

    signals.post_save.connect(hear, sender=Artist)
    try:
        target.accept(ARTIST, receivers=["*"])
    finally:
        signals.post_save.disconnect(hear, sender=Artist)
    assert heard == ["rem"]


def test_what_a_receiver_changes_of_an_instance_is_not_written(target):
    def shout(instance, **_):
        instance.name = instance.name.upper()

    signals.pre_save.connect(shout, sender=Tag)
    try:
        target.accept(TAGS[0], receivers=["*"])
        more = [saved("tag", pk, {"name": f"t{pk}"}) for pk in range(2, 82)]
        target.accept(*more, receivers=["*"])
    finally:
        signals.pre_save.disconnect(shout, sender=Tag)
    names = target.rows(Tag).values_list("name", flat=True)
    assert [name for name in names if name.lower() != name] == []
    assert len(names) == 81


@pytest.mark.parametrize("name", ["pre_save", "post_save"])
def test_a_receiver_that_raises_sets_its_record_aside_and_no_other(target, name):
    def refuse(instance, **_):
        if instance.pk % 40 == 7:
            raise LookupError(f"no place for {instance.name}")

    SIGNALS[name].connect(refuse, sender=Tag)
    try:
        lines = [saved("tag", pk, {"name": f"t{pk}", "note": ""}) for pk in range(1, 81)]
        result = target.apply(*lines, receivers=["*"])
    finally:
        SIGNALS[name].disconnect(refuse, sender=Tag)
    assert result.set_aside == 2
    assert target.rows(Tag).count() == 78
    letter = target.letters().first()
    assert letter.reason == "receiver"
    assert letter.error == (
        f"The receiver {HERE}.{refuse.__qualname__} of {name} failed for gallery.tag."
        " LookupError: no place for t7"
    )
    assert "no place for" in letter.traceback
    assert deadletters.retry(target.engine(), letter.pk).applied


def test_of_few_records_nothing_is_left_that_a_receiver_refused(target):
    """Too few for the fast path: they share a savepoint until one is refused."""

    def refuse(instance, **_):
        if instance.pk == 3:
            raise LookupError("no place")

    signals.post_save.connect(refuse, sender=Tag)
    try:
        lines = [saved("tag", pk, {"name": f"t{pk}", "note": ""}) for pk in range(1, 6)]
        result = target.apply(*lines, receivers=["*"])
    finally:
        signals.post_save.disconnect(refuse, sender=Tag)
    assert result.set_aside == 1
    assert {*target.rows(Tag).values_list("pk", flat=True)} == {1, 2, 4, 5}


def test_what_receivers_write_gets_numbers_that_are_free(target):
    def keep_history(instance, **_):
        target.rows(Exhibition).create(title=instance.name)

    # Numbers that were drawn are not drawn again: by other tests, or by a try that was undone.
    first = target.rows(Exhibition).create(title="here").pk
    for signal in (signals.post_save, signals.post_delete):
        signal.connect(keep_history, sender=Tag)
    try:
        target.accept(
            *(saved("exhibition", first + n, {"title": "logged"}) for n in range(1, 5)),
            TAGS[0],
            saved("exhibition", first + 6, {"title": "logged"}),
            deleted("tag", 1),
            receivers=["*"],
        )
    finally:
        for signal in (signals.post_save, signals.post_delete):
            signal.disconnect(keep_history, sender=Tag)
    titles = ["here", *["logged"] * 4, "a", "logged", "a"]
    rows = target.rows(Exhibition).order_by("pk").values_list("pk", "title")
    assert [*rows] == [*enumerate(titles, first)]


def test_both_paths_tell_the_same(target, listener):
    """Rows known by UUID, with defaults drawn here, partial and whole, new and old ones."""
    keys = {number: f"{number:032x}" for number in range(1, 20)}
    lines = [
        *(saved("known", n, {"id": key, "name": "a", "slug": None}) for n, key in keys.items()),
        *(saved("known", n, {"id": key, "name": "b"}) for n, key in keys.items()),
        *(deleted("known", n, {"id": key}) for n, key in keys.items()),
    ]
    for signal in SIGNALS.values():
        signal.connect(listener.hear, sender=Known)
    try:
        stories = []
        for portions in (lines, *[[one] for one in lines]):
            target.accept(*portions, receivers=["*"])
            if portions is lines:
                stories.append(sorted(listener.told, key=repr))
                listener.told.clear()
        stories.append(sorted(listener.told, key=repr))
    finally:
        for signal in SIGNALS.values():
            signal.disconnect(listener.hear, sender=Known)
    assert stories[0] == stories[1]
