"""systemd takes the units of the guide as they are written, and they can be enabled."""

import re
from configparser import RawConfigParser
from pathlib import Path

import pytest

import tui_ingest
from tui_ingest.running.exit_status import FATAL, USAGE

GUIDE = Path(tui_ingest.__file__).parent / "guide"


def units():
    """Every unit of every page, each with the page's name."""
    for path in sorted(GUIDE.glob("*.md")):
        for code in re.findall(
            r"(?:^(?:    .*)?\n)+", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            if "[Service]" in code:
                yield pytest.param(code.replace("\\\n", " "), id=path.name)


@pytest.mark.parametrize("code", [*units()])
def test_a_unit(code):
    unit = RawConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read_string(re.sub("^ +", "", code, flags=re.MULTILINE))
    service = unit["Service"]
    assert service["ExecStart"].startswith("/"), "only some folders are looked into for programs"
    assert unit["Install"]["WantedBy"] == "multi-user.target", "it cannot be enabled otherwise"
    if "network-online.target" in unit.get("Unit", "After", fallback=""):
        assert unit["Unit"]["Wants"] == "network-online.target", "nothing else may ask for it"
    if service["Restart"] == "always":
        assert int(service["RestartSec"]) >= 5, "after five quick starts systemd gives up"
    else:
        assert service["RestartPreventExitStatus"].split() == [str(FATAL), str(USAGE)]
