"""Orders arrive, from any thread, once."""

import threading

from tui_ingest.ingest.session.control import Control, Decision, StepTo
from tui_ingest.oplog.log import FromPosition, FromStart


def test_steps_are_taken_one_by_one_in_order():
    control = Control(paused=True)
    control.step()
    control.step(StepTo.FAILURE)

    assert [control.take_step() for _ in range(3)] == [StepTo.RECORD, StepTo.FAILURE, None]


def test_seeks_and_decisions_are_taken_once():
    control = Control()
    control.seek(FromStart())
    control.seek(FromPosition(7))
    control.decide(Decision.RETRY)

    assert [control.take_seek().start for _ in range(2)] == [FromStart(), FromPosition(7)]
    assert control.take_seek() is None
    assert [control.take_decision() for _ in range(2)] == [Decision.RETRY, None]


def test_every_order_wakes_the_session():
    woken = []
    control = Control()
    control.attach(lambda: woken.append(True))

    for order in (control.pause, control.resume, control.step, control.stop):
        order()

    assert len(woken) == 4


def test_an_order_ends_the_wait():
    control = Control(paused=True)
    waiting = threading.Thread(target=control.wait, args=(60.0,))
    waiting.start()

    control.resume()
    waiting.join(timeout=300)

    assert not waiting.is_alive()
    assert not control.paused


def test_an_order_given_before_the_wait_is_not_slept_through():
    control = Control()
    control.stop()

    waiting = threading.Thread(target=control.wait, args=(60.0,))
    waiting.start()
    waiting.join(timeout=300)

    assert not waiting.is_alive()
