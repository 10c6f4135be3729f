"""Columns make of values what Django's deserializer and raw save make of them, one by one."""

import warnings

import pytest
from django.db import connections, models
from hypothesis import given
from hypothesis import strategies as st

from tui_ingest.ingest.fast import columns

FIELDS = {
    "char": models.CharField(max_length=5),
    "char or null": models.CharField(max_length=5, null=True),
    "text": models.TextField(),
    "integer": models.IntegerField(),
    "small or null": models.PositiveSmallIntegerField(null=True),
    "boolean": models.BooleanField(),
    "real": models.FloatField(null=True),
    "uuid": models.UUIDField(),
    "moment": models.DateTimeField(null=True),
    "day": models.DateField(),
    "amount": models.DecimalField(max_digits=5, decimal_places=2, null=True),
    "data": models.JSONField(null=True),
}
MOMENTS = st.datetimes(timezones=st.just(None)).flatmap(
    lambda moment: st.sampled_from(
        [
            moment.isoformat(timespec="milliseconds") + "Z",
            moment.isoformat(timespec="microseconds") + "Z",
            moment.isoformat(timespec="seconds") + "Z",
            moment.isoformat() + "+02:00",
            moment.isoformat(sep=" "),
            moment.date().isoformat(),
        ]
    )
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-5, 5),
    st.floats(),
    st.text(max_size=7),
    st.sampled_from(["\ud800", "\0", "7", "2023-02-30T00:00:00.000Z", "x\n", "{}"]),
    st.uuids().map(str),
    st.uuids().map(lambda key: str(key).upper()),
    st.uuids().map(lambda key: key.hex),
    MOMENTS,
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
)


for chosen in FIELDS.values():
    chosen.set_attributes_from_name("value")


@pytest.mark.parametrize("database", ["default", "postgres"])
@pytest.mark.parametrize("name", FIELDS)
@given(values=st.lists(VALUES, max_size=5), copies=st.sampled_from([1, 40]))
def test_a_column_is_its_values(database, name, values, copies):
    field = FIELDS[name]
    connection = connections[database]
    column = columns.prepare(field, connection)
    values = values * copies  # long columns are looked at in parts
    unfit = column.unfit(values)
    fit = [value for place, value in enumerate(values) if place not in unfit]
    converted = column.convert(fit)
    assert converted is not None
    for value, found in zip(fit, converted, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of moments without a zone
            expected = field.get_db_prep_save(field.to_python(value), connection)
        assert as_written(found, field, connection) == as_written(expected, field, connection)
    assert (column.convert(values) is None) == bool(unfit)


def as_written(value, field, connection):
    """A value as the database would be sent it: PostgreSQL takes times and UUIDs as text, too."""
    if connection.vendor == "postgresql" and isinstance(value, str):
        value = field.to_python(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = int(value)  # psycopg marks its size
    return repr(getattr(value, "obj", value))  # of JSON, what is wrapped
