"""What a relay shows: one moving line on a terminal, plain lines in a pipe."""

import sys

import pexpect

from tests.support.patience import DEADLINE_SECONDS
from tests.support.recorded import told
from tests.support.shop import SOURCE_SETTINGS, ShopSite
from tests.support.site import clean


def test_a_terminal_is_shown_one_line_that_moves(tmp_path):
    source = ShopSite(tmp_path, SOURCE_SETTINGS)
    source.execute("INSERT INTO shop_tag (name) VALUES ('one'), ('two')")
    relay = pexpect.spawn(
        sys.executable,
        ["manage.py", "record_changes"],
        cwd=str(source.folder),
        env=clean() | {"TERM": "xterm-256color"},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=DEADLINE_SECONDS,
    )
    try:
        relay.expect("caught up · 2 records")
        source.execute("INSERT INTO shop_tag (name) VALUES ('three')")
        relay.expect("3 records")
        relay.sendintr()
        relay.expect("3 records written")
        relay.expect(pexpect.EOF)
    finally:
        relay.close(force=True)
    assert relay.exitstatus == 0
    assert len(told(source.lines())) == 3
