"""What every project's settings begin with; `REAL_PROJECT_DATABASE` names its database, as JSON."""

import json
import os
from pathlib import Path

FOLDER = Path(os.environ["REAL_PROJECT_FOLDER"])

SECRET_KEY = "throw-away"
USE_TZ = True
DATABASES = {"default": json.loads(os.environ["REAL_PROJECT_DATABASE"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = FOLDER / "media"
STATIC_URL = "/static/"
SILENCED_SYSTEM_CHECKS = ["files.W001", "mptt.W001"]


class _FromModels(dict):
    """Every app's tables come from its models: faster, and both ends begin without a row."""

    def __contains__(self, app):
        return app != "tui_ingest"

    def __getitem__(self, app):
        return None


MIGRATION_MODULES = _FromModels()
