"""Either of the databases, with the library."""

import os

if "BENCHMARK_POSTGRES_HOST" in os.environ:
    from tests.benchmarks.settings_postgres import *  # noqa: F403
else:
    from tui_ingest.demo.settings import *  # noqa: F403

INSTALLED_APPS = [
    *INSTALLED_APPS,  # noqa: F405
    "tests.benchmarks.library",
    "tests.benchmarks.listeners.Listeners",
]
if "BENCHMARK_RECEIVERS" in os.environ:
    TUI_INGEST = {"RECEIVERS": ["tests.benchmarks.listeners"]}
