"""The polls at the source's end, with the recorder or without it, as the environment says."""

import json
import os

SECRET_KEY = "benchmark"
INSTALLED_APPS = ["tui_ingest.demo.polls"]
if os.environ["BENCHMARK_LOG"]:
    INSTALLED_APPS.append("tui_ingest.recorder")
    TUI_INGEST_RECORDER = {"LOG": os.environ["BENCHMARK_LOG"], "MAX_BYTES": 0}
DATABASES = {"default": json.loads(os.environ["BENCHMARK_DATABASE"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
