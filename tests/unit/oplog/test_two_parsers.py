"""The quick JSON parser changes no outcome: what it reads, Python's own reads alike."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_ingest.oplog import parsing
from tui_ingest.oplog.records import RecordLocation

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
RECORDS = st.fixed_dictionaries(
    {"model": st.just("polls.choice"), "pk": VALUES, "fields": st.dictionaries(st.text(), VALUES)}
)
BYTES = st.sampled_from([bytes([number]) for number in range(256)])


def entries(raw, monkeypatch, *, quick):
    with monkeypatch.context() as patch:
        if not quick:
            patch.setattr(parsing, "_usual_record", lambda *_: None)
        found = parsing.parse_line(raw, RecordLocation("g", 0, len(raw) + 1))
    return repr(found)  # tells 1 from 1.0, -0.0 from 0.0, and NaN from nothing


def assert_agreed(raw, monkeypatch):
    assert entries(raw, monkeypatch, quick=True) == entries(raw, monkeypatch, quick=False)


@pytest.fixture(scope="module")
def monkeypatch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.mark.parametrize(
    "value",
    [
        *("-0", "-0.0", "01", "1.", ".5", "1e5", "1E+05", "1e400", "-1e400", "1e-400", "1e", "+1"),
        *("NaN", "Infinity", "-Infinity", "tru", "--1", "0x1", "1_0"),
        *("18446744073709551615", "18446744073709551616", "-9223372036854775809", "9" * 5_000),
        *("9007199254740993", "9007199254740993.0", "5e-324", "0.1", "123456789012345678901.5"),
        *('"\\ud800"', '"\\udc00"', '"\\ud83d\\ude00"', '"\\ud83d\\u0041"', '"\\u+123"', '"\\x"'),
        *('"\\u0000"', '"\x01"', '"\t"', '"\x7f"', '"\u2028"', '"\x0b"', '{"a": 1, "a": 2}'),
        *("[1,]", '{"a": 1,}', "[1 2]", "", "[" * 100_000),
    ],
)
def test_on_what_is_known_to_be_read_differently(value, monkeypatch):
    line = f'1 SAVE [{{"model": "a.b", "pk": {value}, "fields": {{}}}}]'
    assert_agreed(line.encode(), monkeypatch)


@pytest.mark.parametrize("raw", [b"1 SAVE \t[]", b"1 SAVE []\x0b", b"1 SAVE [] \r", b"1 SAVE 7"])
def test_on_what_is_around_the_objects(raw, monkeypatch):
    assert_agreed(raw, monkeypatch)


@given(objects=st.lists(RECORDS, max_size=2), is_ascii=st.booleans(), data=st.data())
def test_on_records_and_what_is_nearly_one(monkeypatch, objects, is_ascii, data):
    text = json.dumps(objects, ensure_ascii=is_ascii)
    raw = b"1698395500.5 SAVE " + text.encode("utf-8", "surrogatepass")
    assert_agreed(raw, monkeypatch)
    place = data.draw(st.integers(18, len(raw) - 1))
    inserted = data.draw(st.just(b"") | BYTES)
    assert_agreed(raw[:place] + inserted + raw[place:], monkeypatch)
    assert_agreed(raw[:place] + inserted + raw[place + 1 :], monkeypatch)
