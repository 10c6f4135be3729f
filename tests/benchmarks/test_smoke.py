"""The benchmark itself works: what it measures is for `python -m tests.benchmarks` to say."""

import subprocess
import sys

from tests.benchmarks.processes import ROOT


def test_every_measurement_comes_to_an_end(tmp_path):
    report = tmp_path / "report.md"
    result = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--smoke", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    lines = report.read_text().splitlines()
    targets = [line for line in lines if line.startswith("- ")]
    assert len(targets) == 19
    assert all(line.endswith("**") for line in targets)


def test_every_measurement_of_streams_comes_to_an_end():
    result = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.streams", "--smoke"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 7


def test_every_measurement_of_the_source_comes_to_an_end():
    result = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.source", "--smoke"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 12


def test_a_real_model_is_measured():
    result = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.real_models", "--smoke", "many-to-many"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "| many-to-many |" in result.stdout
