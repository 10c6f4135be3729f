"""Either of the databases, with receivers that are called for every row."""

import os

if "BENCHMARK_POSTGRES_HOST" in os.environ:
    from tests.benchmarks.settings_postgres import *  # noqa: F403
else:
    from tui_ingest.demo.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.benchmarks.listeners.Listeners"]  # noqa: F405
TUI_INGEST = {"RECEIVERS": ["tests.benchmarks.listeners"]}
