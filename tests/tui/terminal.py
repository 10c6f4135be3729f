"""The real program in a real terminal, as a person has it: keys in, a screen out."""

import os
import sys
import time

import pexpect
import pyte

from tests.support.patience import DEADLINE_SECONDS

# Readline leaves the size of another terminal in the environment of the tests' own processes.
NOT_INHERITED = {"DJANGO_SETTINGS_MODULE", "COLUMNS", "LINES"}


class Terminal:
    """A console on the embedded project, in a pseudo-terminal of its own.

    `answers` is whether it answers when it is asked for its cursor's place, as all but a few do.
    """

    def __init__(self, folder, *arguments, size=(80, 24), answers=True, **environment):
        width, height = size
        self.database = folder / "demo.sqlite3"
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self.received = b""
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "tui_ingest", *map(str, arguments)],
            cwd=str(folder),
            env={
                **{k: v for k, v in os.environ.items() if k not in NOT_INHERITED},
                "TUI_INGEST_DEMO_DB": str(self.database),
                "XDG_STATE_HOME": str(folder / "state"),  # nor does it remember for somebody else
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                **environment,
            },
            dimensions=(height, width),
        )
        self.process.delaybeforesend = None
        if answers:
            self.screen.write_process_input = self.process.send

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.isalive():
            self.process.terminate(force=True)
        self.process.close()

    def press(self, *keys):
        for key in keys:
            self.process.send(key)

    def type(self, *keys):
        """Press keys that move the cursor, like a person, who sees it move before the next."""
        for key in keys:
            before = self._cursor()
            self.press(key)
            deadline = time.monotonic() + DEADLINE_SECONDS
            while self._reads_more() or self._cursor() == before:
                assert time.monotonic() < deadline, f"nothing happens on {key!r}"

    def _cursor(self):
        return self.screen.cursor.y, self.screen.cursor.x

    def _reads_more(self):
        """Whether the program is still drawing."""
        before = len(self.received)
        self.look()
        return len(self.received) > before

    def vanish(self):
        """Take the terminal away, as a closed window or a lost connection does."""
        self.process.ptyproc.fileobj.close()
        self.process.ptyproc.closed = self.process.closed = True

    def look(self):
        """Read what there is to read, and return the screen as text."""
        self.show(self.read(65536))
        return "\n".join(self.screen.display)

    def read(self, size):
        """Return what there is to read, so many bytes at the most."""
        try:
            return self.process.read_nonblocking(size, timeout=0.05)
        except pexpect.TIMEOUT:
            return b""

    def show(self, data):
        """Do what was read, and answer it."""
        self.received += data
        self._stream.feed(data)

    def until(self, *texts, gone=(), drawn=lambda shown: True):
        """Wait until the texts are on the screen, and others are not.

        What is drawn arrives in pieces: `drawn` tells of a screen whether it is all there.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            shown = self.look()
            there = all(text in shown for text in texts) and not any(text in shown for text in gone)
            if there and drawn(shown):
                return shown
            assert time.monotonic() < deadline, f"not {texts} without {gone}:\n{shown}"

    def ended(self):
        """Wait for the end of the program, reading all it writes; return its exit status."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                self.look()
            except pexpect.EOF:
                break
            assert time.monotonic() < deadline, "the program does not end"
        return self.exit_status()

    def exit_status(self):
        """Wait for the end of the program without reading; return its exit status."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.process.isalive():
            assert time.monotonic() < deadline, "the program does not end"
            time.sleep(0.02)
        return self.process.exitstatus

    def is_clean(self):
        """Whether the program left its screen and gave the cursor back."""
        left = self.received.rfind(b"\x1b[?1049l")
        shown = self.received.rfind(b"\x1b[?25h")
        return left > self.received.rfind(b"\x1b[?1049h") and shown > left
