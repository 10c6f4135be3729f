"""A shell completes the commands by the scripts that they print."""

import shutil
import subprocess
import sys

import pexpect
import pytest

from tui_ingest.completion import SHELLS

PROGRAMS = {"tui-ingest": "tui_ingest", "tui-ingest-stream": "tui_ingest.streams"}


@pytest.fixture
def script(tmp_path):
    """Have a command print its script for a shell, and keep that in a file."""

    def printed(program, shell):
        code = f"from {PROGRAMS[program]}.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, "--print-completion", shell],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        path = tmp_path / f"{program}.{shell}"
        path.write_text(done.stdout)
        return path

    return printed


def completed(script, program, *words):
    """What bash offers for the last of some words."""
    function = f"_shtab_{program.replace('-', '_')}"
    code = (
        f'source "$0"; COMP_WORDS=({program} "$@"); COMP_CWORD=$#; {function} 2>/dev/null;'
        r' printf "%s\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", code, str(script), *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=script.parent,
    )
    return sorted(done.stdout.split())


def test_bash_completes_options_choices_and_files(script, tmp_path):
    bash = script("tui-ingest", "bash")
    (tmp_path / "oplog.log").touch()
    assert completed(bash, "tui-ingest", "--from-") == [
        "--from-position",
        "--from-start",
        "--from-time",
    ]
    assert completed(bash, "tui-ingest", "--on-error", "s") == ["stop"]
    assert completed(bash, "tui-ingest", "--once", "opl") == ["oplog.log"]
    bash = script("tui-ingest-stream", "bash")
    assert completed(bash, "tui-ingest-stream", "for") == ["forward"]
    assert completed(bash, "tui-ingest-stream", "forward", "--o") == ["--olddir", "--once"]


@pytest.mark.parametrize("shell", sorted({*SHELLS} - {"bash"}))
def test_other_shells_have_a_script_too(script, shell):
    text = script("tui-ingest", shell).read_text()
    assert "from-position" in text
    assert "dead-letter stop" in text


@pytest.mark.zsh
def test_zsh_completes_every_log_and_not_only_the_first(script, tmp_path):
    if not shutil.which("zsh"):
        pytest.fail("This needs zsh: apt-get install zsh")
    folder = script("tui-ingest", "zsh").parent
    (folder / "tui-ingest.zsh").rename(folder / "_tui-ingest")
    (tmp_path / "other.log").touch()
    shell = pexpect.spawn("zsh", ["-f"], cwd=str(tmp_path), encoding="utf-8", timeout=60)
    shell.sendline("fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; PS1='rea''dy '")
    shell.expect("ready ")
    shell.send("tui-ingest one.log two.log oth\t")
    shell.expect_exact("other.log")
    shell.close(force=True)
