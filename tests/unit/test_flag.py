"""What a signal handler sets, whatever the thread is about that it interrupts."""

import subprocess
import sys
import threading

from tui_ingest.flag import Flag

SET_ANY_TIME = """
import signal
from tui_ingest.flag import Flag

flag = Flag()
signal.signal(signal.SIGALRM, lambda *_: flag.set())
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
for _ in range(20_000):
    flag.clear()
    flag.wait(0.0001)
signal.setitimer(signal.ITIMER_REAL, 0)
print("over")
"""


def test_a_handler_sets_it_while_its_own_thread_waits():
    """An event of `threading` hangs here at once."""
    command = [sys.executable, "-c", SET_ANY_TIME]
    assert subprocess.check_output(command, text=True, timeout=300) == "over\n"


def test_it_wakes_all_who_wait_and_can_be_taken_back():
    flag, woken = Flag(), []
    waiting = [threading.Thread(target=lambda: woken.append(flag.wait(300))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    flag.set()
    for thread in waiting:
        thread.join()
    assert woken == [True] * 3
    assert flag.is_set()
    flag.clear()
    assert not flag.is_set()
    assert not flag.wait(0)


def test_it_gives_up_in_time():
    assert not Flag().wait(0.01)
