"""A project's log, applied by the same project elsewhere, leaves the same rows and no dead letters.

The target's own receivers are connected. The log's records stand in one of two orders: a careful
writer's, and one that tears apart what belongs together.
"""

import pytest

from tests.real_projects.harness.oplog_writer import Order

thorough = pytest.mark.thorough


@pytest.mark.parametrize(
    "order", [Order.PARENTS_FIRST, pytest.param(Order.BY_TABLE, marks=thorough)]
)
def test_a_whole_log(project, target, order):
    target.apply(project.log(order))
    assert_same(target)


@pytest.mark.parametrize(
    ("order", "seed"),
    [
        (Order.BY_TABLE, 1),
        pytest.param(Order.BY_TABLE, 2, marks=thorough),
        pytest.param(Order.PARENTS_FIRST, 3, marks=thorough),
    ],
)
def test_a_log_that_grows_between_runs(project, target, order, seed, tmp_path):
    target.apply_growing(project.log(order), tmp_path / "growing.log", seed=seed)
    assert_same(target)


def assert_same(target):
    differences, letters = target.compare()
    assert letters == []
    assert differences == []
