"""How much is taken at once, and how long is waited."""

import itertools

import pytest

from tui_ingest.ingest.session.applier import BatchSizer
from tui_ingest.ingest.session.retrier import Backoff


def backlog(sizer, *, records_per_second, batches):
    """Feed a sizer with full batches from a writer of constant speed; return the sizes used."""
    sizes = []
    for _ in range(batches):
        sizes.append(sizer.records)
        sizer.took(sizer.records, sizer.records / records_per_second)
    return sizes


def test_batches_grow_in_a_backlog_until_one_takes_the_time_it_may():
    sizes = backlog(BatchSizer(0.1), records_per_second=50_000, batches=12)

    assert sizes[0] == BatchSizer.SMALLEST
    assert sizes[-1] == 5_000


def test_batches_grow_by_doubling_at_most():
    sizes = backlog(BatchSizer(0.1), records_per_second=10_000_000, batches=20)

    assert all(later <= 2 * earlier for earlier, later in itertools.pairwise(sizes))
    assert sizes[-1] == BatchSizer.LARGEST


def test_batches_shrink_when_records_get_slow():
    sizer = BatchSizer(0.1)
    backlog(sizer, records_per_second=50_000, batches=12)

    sizer.took(1_000, 1.0)

    assert sizer.records == 100


def test_a_batch_that_the_log_could_not_fill_teaches_nothing():
    sizer = BatchSizer(0.1)
    backlog(sizer, records_per_second=50_000, batches=12)
    size = sizer.records

    sizer.took(1, 0.001)

    assert sizer.records == size


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_waiting_grows_to_a_cap_and_starts_again_after_a_success(jitter):
    backoff = Backoff(30.0, jitter=lambda: jitter)

    delays = [backoff.next() for _ in range(2_000)]

    assert delays == sorted(delays)
    assert delays[0] < 1.0
    assert 20.0 < delays[-1] <= 30.0
    assert backoff.attempt == 2_000
    backoff.reset()
    assert backoff.attempt == 0
    assert backoff.next() == delays[0]
