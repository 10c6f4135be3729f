"""Each rule of the planner keeps the two paths equal, and without it they differ."""

import re

import pytest
from django.db import connections
from django.db.models import signals

from tests.project.market.models import Album, Crack, Plate, PlateManager, Seller, Stamp, Street
from tests.support.differential import Trial, delete, nameless, save
from tests.support.lines import key, line
from tui_ingest.ingest.fast import planning
from tui_ingest.ingest.fast.names import own_fields
from tui_ingest.ingest.fast.tables import Table

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

RULES = ("SAVE_RULES", "DELETE_RULES", "NAME_RULES", "LINK_RULES", "FIRST_RULES", "ORDER_RULES")


def stamp(pk, text="blue", parent=None):
    return save("stamp", pk, text=text, parent=parent)


def item(pk, slug, **fields):
    return save("item", pk, **{**ITEM, "slug": slug, **fields})


def plate(name, **fields):
    return nameless(save("plate", None, name=name, **fields))


def album(pk, **links):
    return save("album", pk, name="a", **links)


SELLER = save("seller", 1, id=key(1), name="Ada", stars=1)
ITEM = {"seller": key(1), "quantity": 1, "price": "1.00", "made": "2023-10-27T08:31:40Z"}
# What a run would do to each of these if the rule did not stop it. Of the two batches of a
# history, the first is what is there before.
HISTORIES = {
    "expression around a value": (
        planning.writes_expressions,
        [[], [save("loud", 1, text="sky")]],
    ),
    "dependents by another value": (
        planning.is_referred_to_by_other_values,
        [
            [save("note", 1, id=key(1), code="a"), save("pin", 1, note="a")],
            [delete("note", 1, id=key(1))],
        ],
    ),
    "saved again after a delete": (
        planning.save_after_delete,
        [[stamp(1)], [delete("stamp", 1), stamp(1, "red")]],
    ),
    "rows that a delete takes along": (
        planning.delete_with_dependents,
        [
            [stamp(1), stamp(2, parent=1), save("review", 1, item=None, stamp=1, data={})],
            [delete("stamp", 1), delete("stamp", 2)],
        ],
    ),
    "rows that forbid a delete": (
        planning.delete_with_dependents,
        [
            [SELLER, item(1, None), save("review", 1, item=1, stamp=None, data={})],
            [delete("item", 1), delete("review", 1)],
        ],
    ),
    "one row with different fields": (
        planning.mixed_field_sets,
        [[], [stamp(1, "red"), save("stamp", 1, text="green"), stamp(1, "white")]],
    ),
    "links with a default of their own": (
        planning.have_more_than_keys,
        [[save("badge", 1)], [album(1, shown=[1])]],
    ),
    "a link to what was deleted before": (
        planning.link_after_delete,
        [[save("badge", 1)], [delete("badge", 1), album(1, badges=[1])]],
    ),
    "a link to what was deleted before, and is known by another field": (
        planning.link_after_delete,
        [
            [save("guild", 1, id=key(1))],
            [delete("guild", 1, id=key(1)), album(1, guilds=[1])],
        ],
    ),
    "a natural key that has gone to another row": (
        planning.names_of_changed_rows,
        [
            [save("town", 1, name="Zug")],
            [
                save("town", 1, name="Wels"),
                save("town", 2, name="Zug"),
                save("house", 1, town=["Zug"]),
            ],
        ],
    ),
    "a link to a row that has lost its natural key": (
        planning.names_of_changed_rows,
        [
            [save("town", 1, name="Zug")],
            [save("town", 1, name="Wels"), save("house", 1, near=[["Zug"]])],
        ],
    ),
    "a natural key of what has lost its own": (
        planning.names_of_changed_rows,
        [
            [save("plate", 1, name="a"), save("crack", 1, place=1, plate=1)],
            [
                save("plate", 1, name="b"),
                nameless(delete("crack", None, place=1, plate=["a"])),
            ],
        ],
    ),
    "a natural key of nothing": (
        planning.has_natural_keys_of_many_spellings,
        [[nameless(save("tin", None, mark=None))], [nameless(save("tin", None, mark=None))]],
    ),
    "keys that are worked out from others": (
        planning.has_keys_of_the_projects_making,
        [[], [nameless(save("peg", None, mark="a")), nameless(save("peg", None, mark="b"))]],
    ),
    "a natural key that a record with a key has taken": (
        planning.keys_beside_names,
        [[save("plate", 1, name="a")], [save("plate", 1, name="b"), plate("a")]],
    ),
    "a number that a row was just given": (
        planning.keys_beside_names,
        [
            # The second one makes the next batch look for missing rows beforehand.
            [stamp(1, parent=99)],
            [plate("a"), save("crack", 1, place=1, plate=1)],
        ],
    ),
    "a link that has a record of its own": (
        planning.links_of_their_own,
        [
            [save("badge", 1), save("badge", 2), album(1)],
            [album(1, badges=[1]), save("album_badges", 50, album=1, badge=2)],
        ],
    ),
    "a link that has gone before its record": (
        planning.links_of_their_own,
        [
            [save("badge", 1), album(1), save("album_badges", 50, album=1, badge=1)],
            [delete("album_badges", 49), delete("album", 1), delete("album_badges", 50)],
        ],
    ),
}
# The databases differ in what they let one statement do.
ON_SQLITE = {
    "keys that a collation makes equal": (
        planning.has_keys_of_many_spellings,
        [[save("word", "sky", times=1)], [delete("word", "SKY"), save("word", "sky", times=2)]],
    ),
    "natural keys that a collation makes equal": (
        planning.has_natural_keys_of_many_spellings,
        [[nameless(save("cap", None, mark="a"))], [nameless(save("cap", None, mark="A"))]],
    ),
    "a link to a key that a collation makes equal": (
        planning.lead_to_keys_of_many_spellings,
        [
            # The second one makes the next batch look for missing rows beforehand.
            [save("word", "sky", times=1), stamp(1, parent=99)],
            [save("verse", 1, title="a", words=["SKY"])],
        ],
    ),
}
ON_POSTGRESQL = {
    "one moment in two time zones": (
        planning.has_keys_of_many_spellings,
        [
            [save("moment", "2023-10-27T08:31:40Z", times=1)],
            [
                delete("moment", "2023-10-27T10:31:40+02:00"),
                save("moment", "2023-10-27T08:31:40Z", times=2),
            ],
        ],
    ),
    "a clash that the next record resolves": (
        planning.hidden_states,
        [[SELLER, item(1, "sky")], [item(2, "sky"), item(2, "sea")]],
    ),
    "a check that the next record passes": (
        planning.hidden_states,
        [[SELLER], [item(1, "sky", quantity=-1), item(1, "sky")]],
    ),
    "the pk that a row came with": (
        planning.hidden_states,
        [
            [],
            [
                save("seller", 1, id=key(1), name="Ada", stars=1),
                save("seller", 2, id=key(1), name="Eve", stars=1),
            ],
        ],
    ),
}


@pytest.fixture
def trial(database, monkeypatch):
    return Trial(database, monkeypatch)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_rule_keeps_the_paths_equal(trial, monkeypatch, name):
    assert_needed(*HISTORIES[name], trial, monkeypatch)


@pytest.mark.parametrize("name", ON_SQLITE)
def test_a_rule_keeps_the_paths_equal_on_sqlite(monkeypatch, name):
    assert_needed(*ON_SQLITE[name], Trial("default", monkeypatch), monkeypatch)


@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_a_rule_keeps_the_paths_equal_on_postgresql(monkeypatch, name):
    assert_needed(*ON_POSTGRESQL[name], Trial("postgres", monkeypatch), monkeypatch)


def test_triggers_see_what_they_would_see(trial, monkeypatch):
    with connections[trial.database].cursor() as cursor:
        cursor.execute(INSTALL[trial.connection.vendor])
    try:
        history = [[stamp(1)], [stamp(1, "red"), stamp(2)]]
        assert_needed(planning.has_triggers, history, trial, monkeypatch)
    finally:
        with connections[trial.database].cursor() as cursor:
            cursor.execute(REMOVE[trial.connection.vendor])


# Every row that is inserted leaves a moment behind, one more each time.
INSTALL = {
    "sqlite": """
        CREATE TRIGGER count_stamps BEFORE INSERT ON market_stamp BEGIN
            INSERT INTO market_renamed (name) VALUES (NEW.text);
        END
    """,
    "postgresql": """
        CREATE FUNCTION count_stamps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO market_renamed (name) VALUES (NEW.text);
            RETURN NEW;
        END $$;
        CREATE TRIGGER count_stamps BEFORE INSERT ON market_stamp
            FOR EACH ROW EXECUTE FUNCTION count_stamps();
    """,
}
REMOVE = {
    "sqlite": "DROP TRIGGER count_stamps",
    "postgresql": "DROP TRIGGER count_stamps ON market_stamp; DROP FUNCTION count_stamps()",
}


# Every link that is made leaves a moment behind; one that goes leaves its mark on the badge.
ON_LINKS = {
    "sqlite": """
        CREATE TRIGGER count_links AFTER INSERT ON market_album_badges BEGIN
            INSERT INTO market_renamed (name) VALUES (NEW.badge_id);
        END;
        CREATE TRIGGER mark_badge AFTER DELETE ON market_album_badges BEGIN
            UPDATE market_badge SET text = 'gone' WHERE id = OLD.badge_id;
        END
    """,
    "postgresql": """
        CREATE FUNCTION count_links() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO market_renamed (name) VALUES (NEW.badge_id);
            RETURN NULL;
        END $$;
        CREATE FUNCTION mark_badge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE market_badge SET text = 'gone' WHERE id = OLD.badge_id;
            RETURN NULL;
        END $$;
        CREATE TRIGGER count_links AFTER INSERT ON market_album_badges
            FOR EACH ROW EXECUTE FUNCTION count_links();
        CREATE TRIGGER mark_badge AFTER DELETE ON market_album_badges
            FOR EACH ROW EXECUTE FUNCTION mark_badge();
    """,
}
OFF_LINKS = {
    "sqlite": "DROP TRIGGER count_links; DROP TRIGGER mark_badge",
    "postgresql": "DROP FUNCTION count_links() CASCADE; DROP FUNCTION mark_badge() CASCADE",
}


@pytest.mark.parametrize(
    ("rule", "history"),
    [
        (
            planning.have_triggers,
            [[save("badge", 1)], [album(1, badges=[1]), album(1, badges=[])]],
        ),
        (
            planning.has_links_with_triggers,
            [
                [save("badge", 1), album(1, badges=[1])],
                [delete("album", 1), save("badge", 1, text="red")],
            ],
        ),
    ],
    ids=["those that are made", "those that go"],
)
def test_triggers_see_the_links_that_they_would_see(trial, monkeypatch, rule, history):
    with connections[trial.database].cursor() as cursor:
        for statement in statements(ON_LINKS[trial.connection.vendor], trial):
            cursor.execute(statement)
    try:
        assert_needed(rule, history, trial, monkeypatch)
    finally:
        with connections[trial.database].cursor() as cursor:
            for statement in statements(OFF_LINKS[trial.connection.vendor], trial):
                cursor.execute(statement)


def statements(script, trial):
    """SQLite takes one at a time."""
    if trial.connection.vendor == "postgresql":
        return [script]
    return re.split(r"(?<=END);|; (?=DROP)", script)


def test_receivers_are_told_of_the_links_of_each_record(trial, monkeypatch):
    told = []

    def hear(action, pk_set, **_):
        told.append((action, *pk_set))

    history = [[line(*save("badge", 1))], [line(*album(1, badges=[1])), line(*album(1, badges=[]))]]
    signals.m2m_changed.connect(hear, sender=Album.badges.through)
    try:
        trial.fast(history, receivers=["*"])
        expected = ["pre_add", "post_add", "pre_remove", "post_remove"]
        assert told == [(action, 1) for action in expected]
        told.clear()
        switch_off(planning.links_that_are_told_of, monkeypatch)
        trial.fast(history, receivers=["*"])
        assert told == []
    finally:
        signals.m2m_changed.disconnect(hear, sender=Album.badges.through)


def test_receivers_are_told_of_the_objects_of_a_record_in_their_order(trial, monkeypatch):
    told = []

    def hear(instance, **_):
        told.append(type(instance).__name__)

    seller = SELLER[1]
    history = [[line("SAVE", seller, stamp(1)[1]), line("SAVE", stamp(2)[1], seller)]]
    for sender in (Seller, Stamp):
        signals.pre_save.connect(hear, sender=sender)
    try:
        trial.fast(history, receivers=["*"])
        assert told == ["Seller", "Stamp", "Stamp", "Seller"]
        told.clear()
        switch_off(planning.several_that_are_told_of, monkeypatch)
        trial.fast(history, receivers=["*"])
        assert told == ["Seller", "Stamp", "Seller", "Stamp"]
    finally:
        for sender in (Seller, Stamp):
            signals.pre_save.disconnect(hear, sender=sender)


def test_receivers_are_told_of_what_goes_in_its_order(trial):
    told = []

    def hear(instance, **_):
        told.append(type(instance).__name__)

    first, second = ((delete("seller", pk, id=key(pk))[1], delete("stamp", pk)[1]) for pk in (1, 2))
    other = save("seller", 2, id=key(2), name="Eve", stars=1)
    there = [line(*one) for one in (SELLER, other, stamp(1), stamp(2))]
    history = [there, [line("DELETE", *first), line("DELETE", *reversed(second))]]
    for sender in (Seller, Stamp):
        signals.pre_delete.connect(hear, sender=sender)
    try:
        trial.fast(history, receivers=["*"])
        assert told == ["Seller", "Stamp", "Stamp", "Seller"]
    finally:
        for sender in (Seller, Stamp):
            signals.pre_delete.disconnect(hear, sender=sender)


def test_receivers_are_shown_a_row_before_it_goes(trial, monkeypatch):
    """If its last record in the run is not whole, it must be here before."""
    told = []

    def hear(instance, **_):
        told.append((instance.text, instance.parent_id))

    first = [line(*stamp(1)), line(*stamp(2, parent=1))]
    part = [line(*save("stamp", 2, text="red")), line(*delete("stamp", 2))]
    whole = [line(*stamp(3)), line(*stamp(3, "red", 1)), line(*delete("stamp", 3))]
    signals.pre_delete.connect(hear, sender=Stamp)
    try:
        trial.fast([first, part, whole], receivers=["*"])
        assert told == [("red", 1)] * 2
        told.clear()
        switch_off(planning.delete_after_save, monkeypatch)
        trial.fast([first, part, whole], receivers=["*"])
        assert told == [("red", None), ("red", 1)]
    finally:
        signals.pre_delete.disconnect(hear, sender=Stamp)


CODE_OF_ITS_OWN = {
    "hidden rows": [
        [save("ticket", 1, sold=False, seat=1)],
        [save("ticket", 1, sold=True, seat=2)],
    ],
    "attribute with a life of its own": [
        [save("picture", 1, file="a.png")],
        [save("picture", 1, file=None)],
    ],
    "overridden methods": [[], [save("renamed", 1, name="ada")], [delete("renamed", 1)]],
}


@pytest.mark.parametrize("name", CODE_OF_ITS_OWN)
def test_code_of_a_model_runs_on_neither_path(trial, name):
    batches = [[line(*changed) for changed in batch] for batch in CODE_OF_ITS_OWN[name]]
    exact = trial.exact(batches)
    assert trial.fast(batches) == exact
    assert trial.replayed == 0


def test_a_natural_key_that_is_more_than_columns_is_for_the_projects_methods(trial, monkeypatch):
    """A jar is found by its label without spaces, and takes the one that its record has."""
    jar = line(*nameless(save("jar", None, label=" a")))
    history = [[line(*save("jar", 1, label="a"))], [jar, jar]]
    exact = trial.exact(history)
    assert len(exact["Jar"]) == 2
    assert trial.fast(history) == exact
    monkeypatch.setattr(Table, "named_by", frozenset({"label"}))
    assert trial.fast(history) != exact


def test_a_receiver_may_make_the_row_that_a_natural_key_is_of(trial):
    def make(instance, using, **_):
        if instance.place == 1:
            deep = {"place": 2, "plate_id": instance.plate_id, "depth": 9}
            Crack.objects.using(using).get_or_create(**deep)

    cracks = [nameless(save("crack", None, place=place, plate=1)) for place in (1, 2)]
    history = [[line(*save("plate", 1, name="a"))], [line(*crack) for crack in cracks]]
    signals.pre_save.connect(make, sender=Crack)
    try:
        exact = trial.exact(history, receivers=["*"])
        assert len(exact["Crack"]) == 2
        assert trial.fast(history, receivers=["*"]) == exact
    finally:
        signals.pre_save.disconnect(make, sender=Crack)


@pytest.mark.parametrize(
    ("model", "natural_key"),
    [
        (Plate, lambda row: (row.name.lower(),)),
        (Plate, lambda row: (f"{row.name}",)),
        (Plate, lambda row: (row.name,) if row.size else ("",)),
        (Plate, lambda row: (row.name,) if row.above is None else (row.above.name,)),
        (Plate, lambda row: (row.size,)),
        (Plate, lambda row: (row.pk,)),
        (Street, lambda row: (row.name, row.town.name)),  # there may be two of the name
    ],
)
def test_what_makes_up_a_natural_key_is_not_guessed(monkeypatch, model, natural_key):
    monkeypatch.setattr(model, "natural_key", natural_key, raising=False)
    assert own_fields(model) == frozenset()


def test_what_else_a_row_is_found_by_is_not_overlooked(monkeypatch):
    def small(rows, name):
        return rows.get(name=name, size=1)

    assert own_fields(Plate) == {"name"}
    monkeypatch.setattr(PlateManager, "get_by_natural_key", small)
    assert own_fields(Plate) == frozenset()


def test_a_natural_key_of_several_rows_is_of_none(trial):
    there = [save("plate", 1, name="a"), *(save("crack", pk, place=1, plate=1) for pk in (1, 2))]
    named = [nameless(save("crack", None, place=place, plate=["a"], depth=3)) for place in (2, 1)]
    history = [[line(*change) for change in there], [line(*change) for change in named]]
    exact = trial.exact(history)
    assert [reason for _, reason, *_ in exact["letters"]] == ["bad_value"]
    assert trial.fast(history) == exact


def test_a_row_that_is_missing_is_not_taken_for_another(trial):
    history = [
        [line(*save("plate", -pk, name=f"{pk}")) for pk in range(1, 6)],
        [line(*nameless(delete("plate", None, name="b"))), line(*plate("c")), line(*plate("d"))],
    ]
    exact = trial.exact(history)
    assert len(exact["Plate"]) == 7
    assert trial.fast(history) == exact
    assert trial.replayed == 0


def test_every_rule_is_put_to_the_test():
    known = {rule for name in RULES for rule in getattr(planning, name)}
    histories = [*HISTORIES.values(), *ON_SQLITE.values(), *ON_POSTGRESQL.values()]
    by_themselves = {
        planning.has_natural_keys_of_more_than_columns,
        planning.has_triggers,
        planning.have_triggers,
        planning.has_links_with_triggers,
        planning.delete_after_save,
        planning.links_that_are_told_of,
        planning.several_that_are_told_of,
    }
    assert known == {rule for rule, _ in histories} | by_themselves


def assert_needed(rule, history, trial, monkeypatch):
    """The paths agree on a history as long as the rule holds."""
    batches = [[line(operation, changed) for operation, changed in batch] for batch in history]
    exact = trial.exact(batches)
    assert trial.fast(batches) == exact
    switch_off(rule, monkeypatch)
    assert trial.fast(batches) != exact


def switch_off(rule, monkeypatch):
    for name in RULES:
        rules = getattr(planning, name)
        monkeypatch.setattr(planning, name, tuple(r for r in rules if r is not rule))
