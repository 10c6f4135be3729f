"""Every order in which two transactions, a resend, a relay and its death can happen.

A model of what `tui_ingest.recorder` does, small enough to be searched to its end: an entry for
each change, in the transaction of the change; rounds that read entries and rows in one snapshot,
append records, and remove exactly those entries; a death after any of these steps, and in the
middle of an append. In the end the last record of each row has to be what the database has, and a
DIGEST has to be what the log before it says.

Each rule is taken away once, to see that the search finds what the rule is for.
"""

from dataclasses import dataclass, replace

import pytest

GONE = None  # the value of a row that is not there
COMMIT, ROLLBACK = ("commit",), ("rollback",)
PROGRAMS = [  # of two transactions, on rows 0 and 1; both rows are there, with the value 0
    ([(0, 1), (1, 1), COMMIT], [(0, 2), (1, 2), COMMIT]),
    ([(0, 1), (1, 1), COMMIT], [(1, 2), (0, 2), COMMIT]),  # a deadlock, for some orders
    ([(0, GONE), COMMIT], [(0, 2), (1, GONE), COMMIT]),
    ([(0, GONE), (0, 3), COMMIT], [(1, 2), (0, GONE), COMMIT]),
    ([(0, 1), ROLLBACK], [(0, 2), (0, 3), COMMIT]),
]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the recorder does; each may be left out."""

    one_snapshot: bool = True  # entries and rows of a round are of one moment
    exactly: bool = True  # only entries that were read are removed
    log_first: bool = True  # entries are removed after their records are in the log
    digest_last: bool = True  # a DIGEST waits until no entry is left


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything that there is at one moment."""

    rows: tuple = (0, 0)  # committed
    entries: frozenset = frozenset()  # committed: (id, row)
    next_id: int = 0
    done: tuple = (0, 0)  # statements of each transaction
    open: tuple = ((), ())  # what each has written and not committed: (id, row, value)
    resent: int = 0  # rows that the resend has behind it
    deaths: int = 1  # that may still happen
    digest: bool = True  # is still wanted
    relay: tuple = ()  # step, and what the relay has in memory
    log: tuple = ()  # (row, value), or ("digest", values)


def last_records(log):
    """What a target has that applied the log; a row without a record is missing."""
    return {row: value for row, value in log if row != "digest"}


def following(state, programs, rules):
    """Yield every state that one more step can lead to."""
    for number, program in enumerate(programs):
        yield from transaction_step(state, number, program)
    yield from relay_step(state, rules)
    if state.relay and state.deaths:
        yield replace(state, relay=(), deaths=state.deaths - 1)


def transaction_step(state, number, program):
    if state.done[number] == len(program):
        return
    statement = program[state.done[number]]
    other = {row for _, row, _ in state.open[1 - number]}
    mine = state.open[number]
    finished = put(state.done, number, len(program))
    if statement == ROLLBACK:
        yield replace(state, done=finished, open=put(state.open, number, ()))
    elif statement == COMMIT:
        rows = state.rows
        for _, row, value in mine:
            rows = put(rows, row, value)
        entries = state.entries | {(entry, row) for entry, row, _ in mine}
        yield replace(
            state, done=finished, open=put(state.open, number, ()), rows=rows, entries=entries
        )
    elif statement[0] not in other:  # otherwise it waits for the lock of that row
        written = (*mine, (state.next_id, *statement))
        yield replace(
            state,
            done=put(state.done, number, state.done[number] + 1),
            open=put(state.open, number, written),
            next_id=state.next_id + 1,
        )
    elif mine:  # it may be a deadlock: one gives up
        yield replace(state, done=finished, open=put(state.open, number, ()))


def relay_step(state, rules):
    match state.relay:
        case ():
            for limit in (1, 9):
                yield from begin(state, limit, rules)
        case ("append", taken, resent, records):
            if not rules.log_first:
                state = remove(state, taken, resent, rules)
            yield replace(state, log=state.log + records, relay=("remove", taken, resent))
            for length in range(1, len(records) * (state.deaths > 0)):  # torn by a death
                torn = state.log + records[:length]
                yield replace(state, log=torn, relay=(), deaths=state.deaths - 1)
        case ("remove", taken, resent):
            yield replace(remove(state, taken, resent, rules), relay=())
        case ("entries", limit, rows):
            yield from begin(state, limit, rules, rows=rows)


def begin(state, limit, rules, rows=None):
    """A round's reading: in one step, or without one snapshot in two."""
    if rows is None and not rules.one_snapshot:
        yield replace(state, relay=("entries", limit, state.rows))
        return
    seen = state.rows if rows is None else rows
    taken = tuple(sorted(state.entries)[:limit])
    resent = state.resent
    named = dict.fromkeys(row for _, row in taken)
    if len(taken) < limit and resent < len(seen):  # a resend goes on where there is room
        named[resent] = None
        resent += 1
    if not named and not (state.digest and not state.entries):
        if rows is not None:
            yield replace(state, relay=())
        return
    records = tuple((row, seen[row]) for row in named)
    yield replace(state, relay=("append", taken, resent, records))
    left = state.entries - set(taken)
    if state.digest and resent == len(seen) and (not left or not rules.digest_last):
        records += (("digest", seen),)
        yield replace(state, relay=("append", taken, resent, records), digest=False)


def remove(state, taken, resent, rules):
    removed = set(taken) if rules.exactly else {e for e in state.entries if e <= max(taken or [e])}
    return replace(state, entries=state.entries - removed, resent=resent)


def put(values, index, value):
    return (*values[:index], value, *values[index + 1 :])


def wrong_ends(programs, rules):
    """Return how many states were seen, and the logs that end wrongly or have a false alarm."""
    seen = set()
    waiting = [State()]
    wrong = []
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        more = [after for after in following(state, programs, rules) if after != state]
        waiting += more
        is_over = all(state.done[n] == len(programs[n]) for n in (0, 1)) and not state.relay
        if is_over and not state.entries and state.resent == len(state.rows):
            found = last_records(state.log)
            if any(found.get(row, "none") != value for row, value in enumerate(state.rows)):
                wrong.append(state.log)
        for place, (kind, values) in enumerate(state.log):
            if kind == "digest":
                found = last_records(state.log[:place])
                if any(found.get(row, "none") != value for row, value in enumerate(values)):
                    wrong.append(state.log)
        assert more or is_over, f"nothing can happen any more: {state}"
    return len(seen), wrong


@pytest.mark.parametrize("programs", PROGRAMS)
def test_the_last_record_of_a_row_is_its_last_state_and_a_digest_is_true(programs):
    states, wrong = wrong_ends(programs, Rules())
    assert states > 500
    assert wrong == []


@pytest.mark.parametrize("rule", ["one_snapshot", "exactly", "log_first", "digest_last"])
def test_no_rule_can_be_left_out(rule):
    rules = Rules(**{rule: False})
    assert any(wrong_ends(programs, rules)[1] for programs in PROGRAMS)
