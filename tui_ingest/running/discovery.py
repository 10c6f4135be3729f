"""Which project a session belongs to: named, in the environment, nearby, or none."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_ingest.running.errors import BootstrapError

VARIABLE = "DJANGO_SETTINGS_MODULE"
DEMO_SETTINGS = "tui_ingest.demo.settings"


@dataclass(frozen=True, kw_only=True)
class Project:
    """A settings module, and who named it."""

    settings: str  # dotted name
    named_by: str  # for messages: "--settings", "manage.py in /srv/mysite"
    folder: Path | None = None  # of its manage.py

    @property
    def is_demo(self) -> bool:
        return self.settings == DEMO_SETTINGS

    @property
    def label(self) -> str:
        """What the screen calls it."""
        return "demo project" if self.is_demo else self.settings


def choose(named: str | None, environment: Mapping[str, str], start: Path | None) -> Project:
    """Return the project to use: the first of the option, the environment, a manage.py, the demo.

    Args:
        named: value of `--settings`.
        start: folder where the search for a manage.py begins; None if there is none.

    Raises:
        BootstrapError: the nearest manage.py does not say which settings it uses.
    """
    manage = find_manage_py(start) if start else None
    folder = manage.parent if manage else None
    if named:
        return Project(settings=named, named_by="--settings", folder=folder)
    if environment.get(VARIABLE):
        return Project(settings=environment[VARIABLE], named_by=VARIABLE, folder=folder)
    if manage:
        return Project(settings=settings_named_in(manage), named_by=str(manage), folder=folder)
    return Project(settings=DEMO_SETTINGS, named_by="the demo")


def find_manage_py(start: Path) -> Path | None:
    """Return the nearest manage.py of a Django project, in `start` or above it."""
    for folder in (start, *start.parents):
        manage = folder / "manage.py"
        if VARIABLE in _text(manage):
            return manage
    return None


def settings_named_in(manage: Path) -> str:
    """Return the settings module that a manage.py names, by reading it; it is not run.

    Raises:
        BootstrapError: it is named in a way that only running would tell.
    """
    try:
        tree = ast.parse(_text(manage))
    except (SyntaxError, ValueError):
        tree = ast.Module([], [])
    for node in ast.walk(tree):
        value = _assigned_value(node)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    raise BootstrapError(
        f"{manage} does not name its settings module in a form that can be read without running"
        " it. Name the module with --settings."
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _assigned_value(node: ast.AST) -> ast.expr | None:
    """Return what `node` puts into the variable, if that is what `node` does."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="setdefault"), args=[ast.Constant(value=name), value]
        ) if name == VARIABLE:
            return value
        case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=name))], value=value) if (
            name == VARIABLE
        ):
            return value
    return None
