"""A source is changed at random, its log replayed: every table of the target is the same."""

import datetime as dt
import itertools

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.project.gallery import models as gallery
from tests.support.examples import examples
from tests.support.source import SOURCE, Source
from tests.support.tables import contents, empty
from tests.support.target import Target

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres", SOURCE])

numbers = st.integers(0, 5)
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=0, max_size=8
)
seconds = st.datetimes(timezones=st.just(dt.UTC)).filter(lambda m: 1 < m.year < 9999)
milliseconds = st.integers(0, 999).map(lambda ms: ms * 1000)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-1e6, 1e6) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def or_none(strategy):
    return st.none() | strategy


def moments():
    return st.builds(lambda moment, micro: moment.replace(microsecond=micro), seconds, milliseconds)


everything = st.fixed_dictionaries(
    {
        "boolean": st.booleans(),
        "boolean_or_null": or_none(st.booleans()),
        "char": texts,
        "text": texts,
        "small": st.integers(-(2**15), 2**15 - 1),
        "integer": st.integers(-(2**30), 2**30 - 1),
        "big": or_none(st.integers(-(2**63), 2**63 - 1)),
        "real": or_none(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)),
        "amount": st.decimals(-(10**9), 10**9, places=4, allow_nan=False),
        "day": or_none(st.dates()),
        "moment": or_none(moments()),
        "clock": or_none(
            st.builds(lambda time, micro: time.replace(microsecond=micro), st.times(), milliseconds)
        ),
        "lapse": or_none(st.timedeltas(dt.timedelta(days=-9999), dt.timedelta(days=9999))),
        "identifier": or_none(st.uuids()),
        "binary": or_none(st.binary(max_size=20)),
        "data": or_none(json_values),
        "data_required": json_values.filter(lambda value: value is not None),
        "address": or_none(st.ip_addresses().map(str)),
    }
)


def at(model, number):
    """One of the rows there are, the same for the same number; None if there is none."""
    rows = model._base_manager.using(SOURCE).order_by("pk")
    count = rows.count()
    return rows[number % count] if count else None


def some(model, *numbers_):
    return [row for row in (at(model, number) for number in numbers_) if row is not None]


class World:
    """What the source's users may do. Steps that find nothing to work on do nothing."""

    def __init__(self):
        self._names = (f"n{number}" for number in itertools.count())

    def everything(self, number, values):
        row = at(gallery.Everything, number) if number > 2 else gallery.Everything()
        for name, value in values.items():
            setattr(row or (row := gallery.Everything()), name, value)
        row.save(using=SOURCE)

    def tag(self, number, text):
        tag = at(gallery.Tag, number) if number > 3 else None
        tag = tag or gallery.Tag(name=next(self._names))
        tag.note = text
        tag.save(using=SOURCE)

    def rename_tag(self, number, other):
        for tag in some(gallery.Tag, number):
            tag.name = f"n{other}"  # may be taken: then the source refuses
            tag.save(using=SOURCE)

    def label(self, number, text):
        for tag in some(gallery.Tag, number):
            gallery.Label(text=text, tag=tag).save(using=SOURCE)

    def artist(self, number, other):
        artist = (at(gallery.Artist, number) if number > 2 else None) or gallery.Artist(
            code=next(self._names)
        )
        artist.favourite = at(gallery.Work, other)
        artist.save(using=SOURCE)

    def passport(self, number, text):
        for artist in some(gallery.Artist, number):
            gallery.Passport(artist=artist, number=text).save(using=SOURCE)

    def work(self, number, other, text):
        for artist in some(gallery.Artist, other):
            work = (at(gallery.Work, number) if number > 2 else None) or gallery.Work()
            work.title, work.artist = text, artist
            work.sequel_of = at(gallery.Work, other)
            work.save(using=SOURCE)

    def links(self, number, first, second):
        for work in some(gallery.Work, number):
            work.tags.set(some(gallery.Tag, first, second)[: first % 3])
            work.related.set(some(gallery.Work, second)[: second % 2])

    def exhibition(self, text):
        gallery.Exhibition(title=text).save(using=SOURCE)

    def showing(self, number, other):
        for work in some(gallery.Work, number):
            for exhibition in some(gallery.Exhibition, other):
                gallery.Showing(work=work, exhibition=exhibition, room=number).save(using=SOURCE)

    def wall(self, number, other, text):
        for exhibition in some(gallery.Exhibition, other):
            gallery.Wall(exhibition=exhibition, number=number, colour=text).save(using=SOURCE)

    def chapter(self, number, text):
        for work in some(gallery.Work, number):
            gallery.Chapter(work=work, title=text).save(using=SOURCE)

    def remark(self, number, text):
        for work in some(gallery.Work, number):
            gallery.Remark(about=work, text=text).save(using=SOURCE)

    def place(self, number, text):
        place = (at(gallery.Place, number) if number > 2 else None) or gallery.Place()
        place.name = text
        place.save(using=SOURCE)

    def shop(self, number, text):
        kinds = (gallery.Shop, gallery.Stand, gallery.Kiosk)
        kind = kinds[number % 3]
        shop = (at(kind, number) if number > 2 else None) or kind()
        shop.name, shop.sells = text, text[::-1]
        shop.open_air = bool(number % 2)
        shop.save(using=SOURCE)

    def hideable(self, number, text):
        row = (at(gallery.Hideable, number) if number > 2 else None) or gallery.Hideable()
        row.name, row.hidden = text, bool(number % 2)
        row.save(using=SOURCE)

    def known(self, number, text):
        row = (at(gallery.Known, number) if number > 2 else None) or gallery.Known()
        row.name = text
        row.save(using=SOURCE)
        row.tags.set(some(gallery.Tag, number))
        gallery.KnownPart(known=row).save(using=SOURCE)

    def rooted(self, number, text):
        row = (at(gallery.Rooted, number) if number > 2 else None) or gallery.Rooted()
        row.name = text
        row.save(using=SOURCE)
        gallery.Branch(root=row).save(using=SOURCE)

    def delete(self, kind, number):
        models = [
            *(gallery.Everything, gallery.Tag, gallery.Label, gallery.Artist, gallery.Passport),
            *(gallery.Work, gallery.Exhibition, gallery.Showing, gallery.Wall, gallery.Chapter),
            *(gallery.Remark, gallery.Place, gallery.Shop, gallery.Stand, gallery.Kiosk),
            *(gallery.Hideable, gallery.Known, gallery.KnownPart, gallery.Rooted),
        ]
        for row in some(models[kind % len(models)], number):
            models_own_delete = type(row)._base_manager.using(SOURCE).filter(pk=row.pk)
            models_own_delete.delete() if number % 2 else row.delete(using=SOURCE)

    def leave_parent(self, number):
        for row in some(gallery.Shop, number):
            row.delete(using=SOURCE, keep_parents=True)


def step(name, *arguments):
    return st.tuples(st.just(name), *arguments)


steps = st.one_of(
    step("everything", numbers, everything),
    step("tag", numbers, texts),
    step("rename_tag", numbers, numbers),
    step("label", numbers, texts),
    step("artist", numbers, numbers),
    step("passport", numbers, texts),
    step("work", numbers, numbers, texts),
    step("links", numbers, numbers, numbers),
    step("exhibition", texts),
    step("showing", numbers, numbers),
    step("wall", numbers, numbers, texts),
    step("chapter", numbers, texts),
    step("remark", numbers, texts),
    step("place", numbers, texts),
    step("shop", numbers, texts),
    step("hideable", numbers, texts),
    step("known", numbers, texts),
    step("rooted", numbers, texts),
    step("delete", st.integers(0, 18), numbers),
    step("leave_parent", numbers),
)
# So that there is something to work on from the first step.
START = [
    *(("tag", 0, "t"), ("tag", 0, "u"), ("artist", 0, 0), ("artist", 0, 0), ("exhibition", "e")),
    *(("work", 0, 0, "w"), ("work", 0, 1, "v"), ("showing", 1, 0), ("wall", 1, 0, "red")),
    *(("shop", 2, "kiosk"), ("chapter", 0, "one"), ("remark", 0, "r"), ("links", 0, 2, 1)),
]


@pytest.fixture
def path(tmp_path):
    numbers = itertools.count()
    return lambda: tmp_path / f"{next(numbers)}"


@settings(
    max_examples=examples(12, 100),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(steps, min_size=8, max_size=40), cut=st.integers(0, 60))
def test_every_table_is_the_same(path, database, history, cut):
    for each in (SOURCE, database):
        empty(each)
    folder = path()
    folder.mkdir()
    source, world, target = Source(), World(), Target(folder, database)

    with source.recording():
        for name, *arguments in (*START, *history):
            with source.change():
                getattr(world, name)(*arguments)
    event(f"{len(source.lines) // 10 * 10} lines")
    target.accept(*source.lines[:cut])
    target.accept(*source.lines[cut:])

    there, here = contents(SOURCE), contents(database)
    for table, rows in there.items():
        assert here[table] == rows, table
