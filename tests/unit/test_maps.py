"""Every folder's first docstring says who lives there: half a map sends people astray."""

import ast
import re
from pathlib import Path

import pytest

import tui_ingest

ROOT = Path(tui_ingest.__file__).parent
# Whoever knows Django knows what these are; a command's name says what it is.
KNOWN = {"__init__", "__main__", "admin", "apps", "checks", "conf", "fields", "models"}
KNOWN |= {"migrations", "urls", "views"}
FOLDERS = [path.parent for path in ROOT.rglob("__init__.py")]


@pytest.mark.parametrize(
    "folder",
    [folder for folder in FOLDERS if folder.name not in {"commands", "migrations", "polls"}],
    ids=lambda folder: str(folder.relative_to(ROOT)),
)
def test_every_module_is_on_the_map_of_its_folder(folder):
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    there = {path.stem for path in folder.glob("*.py")}
    there |= {path.name for path in FOLDERS if path.parent == folder}
    assert there - KNOWN - {*re.findall(r"\w+", said)} == set()
