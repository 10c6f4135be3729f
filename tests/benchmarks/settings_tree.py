"""Either of the databases, with a tree of pages, known by their paths."""

import os

if "BENCHMARK_POSTGRES_HOST" in os.environ:
    from tests.benchmarks.settings_postgres import *  # noqa: F403
else:
    from tui_ingest.demo.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.project.office"]  # noqa: F405
