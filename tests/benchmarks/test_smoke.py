"""The benchmarks themselves work: what they measure is for `python -m tests.benchmarks` to say.

Those that take longest are tried with `-m thorough` alone.
"""

import subprocess
import sys

import pytest

from tests.benchmarks.processes import ROOT


def smoke(benchmark, *arguments):
    """Run a little of a benchmark to its end; what it says."""
    result = subprocess.run(
        [sys.executable, "-m", benchmark, "--smoke", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=800,  # before pytest gives up, which would leave it running
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.thorough
def test_every_measurement_comes_to_an_end(tmp_path):
    report = tmp_path / "report.md"
    smoke("tests.benchmarks", str(report))
    lines = report.read_text().splitlines()
    targets = [line for line in lines if line.startswith("- ")]
    assert len(targets) == 19
    assert all(line.endswith("**") for line in targets)


@pytest.mark.thorough
def test_every_measurement_of_streams_comes_to_an_end():
    said = smoke("tests.benchmarks.streams")
    assert len(said.splitlines()) == 7


@pytest.mark.thorough
def test_every_measurement_of_the_source_comes_to_an_end():
    said = smoke("tests.benchmarks.source")
    assert len(said.splitlines()) == 12


def test_a_real_model_is_measured():
    said = smoke("tests.benchmarks.real_models", "many-to-many")
    assert "| many-to-many |" in said


@pytest.mark.thorough
def test_batches_of_every_size_are_measured():
    said = smoke("tests.benchmarks.batches", "20", "50")
    assert said.count("| 20 |") == said.count("| 50 |") == 1


@pytest.mark.thorough
def test_every_key_is_answered():
    said = smoke("tests.benchmarks.keys")
    assert said.count("| **all** |") == 2


@pytest.mark.thorough
def test_what_terminals_are_sent_is_measured():
    said = smoke("tests.benchmarks.console")
    assert said.count("| 80x24") == 5
    assert "| in the console |" in said


@pytest.mark.thorough
def test_the_exact_path_is_measured():
    said = smoke("tests.benchmarks.exact_path")
    assert said.count("| the exact path, 1,000 in a transaction |") == 2
