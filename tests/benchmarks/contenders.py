"""Who ingests the log, each as a whole process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.processes import Cost, python
from tests.benchmarks.targets import Target

SET_RECORDS_ASIDE = 3  # exit status of the product

Contender = Callable[[Path, Target], Cost]


def article(log: Path, target: Target) -> Cost:
    """One record at a time, each its own transaction."""
    return python("-m", "tests.benchmarks.article", str(log), env=target.env)


def row_saves(log: Path, target: Target) -> Cost:
    """One record at a time, a thousand in a transaction."""
    return python("-m", "tests.benchmarks.row_saves", str(log), env=target.env)


def limit(log: Path, target: Target) -> Cost:
    """By hand, for these tables and nothing else."""
    return python("-m", "tests.benchmarks.limit", str(log), target.conninfo, env=target.env)


def headless(log: Path, target: Target) -> Cost:
    """The product without a screen."""
    return python(
        *("-m", "tui_ingest", str(log), "--headless", "--once", *target.options),
        env=target.env,
        expected=(0, SET_RECORDS_ASIDE),
    )


def told(log: Path, target: Target) -> Cost:
    """The same, with receivers that are called for every row."""
    settings = ("--settings", "tests.benchmarks.settings_told")
    env = {**target.env, "DJANGO_SETTINGS_MODULE": settings[1]}
    return python(*("-m", "tui_ingest", str(log), "--headless", "--once", *settings), env=env)
