"""Puts the man page into the wheel; whoever installs that has `man tui-ingest`."""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "share/man/man1/tui-ingest.1"


class ManPage(BuildHookInterface[Any]):
    """Makes the page before a wheel is built of it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the page to what a wheel has beside the package."""
        if self.target_name != "wheel" or version == "editable":
            return
        make = runpy.run_path(str(Path(self.root) / ".ci" / "man_page.py"))["man_page"]
        self._folder = tempfile.TemporaryDirectory()
        page = Path(self._folder.name) / "tui-ingest.1"
        page.write_text(make(), encoding="utf-8")
        build_data["shared_data"][str(page)] = PLACE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what is in the wheel by now."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()
