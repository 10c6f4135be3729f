"""The embedded project on PostgreSQL, with a database named by the environment."""

import os

from tui_ingest.demo.settings import (  # noqa: F401
    DEFAULT_AUTO_FIELD,
    INSTALLED_APPS,
    SECRET_KEY,
    TIME_ZONE,
    USE_TZ,
)

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["BENCHMARK_POSTGRES_HOST"],
        "NAME": os.environ["BENCHMARK_POSTGRES_DB"],
        "USER": "postgres",
    }
}
