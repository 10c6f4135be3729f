"""From a command line to a Django project that is found, set up and fit for a session."""

from __future__ import annotations

import ast
import importlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_ingest.running.exit_status import BootstrapError, describe
from tui_ingest.running.verification import unapplied_migrations, verify

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


def set_up(
    *, settings: str | None = None, pythonpath: str | None = None, database: str = "default"
) -> str:
    """Find the project, set Django up and verify both; return what to call the project.

    Args:
        settings: `--settings`; None looks at the environment, for a manage.py, and takes the demo.
        pythonpath: `--pythonpath`, a folder to import from first.
        database: alias of the database to write to.

    Raises:
        BootstrapError: what is wrong and what to do about it.
    """
    project = choose(settings, os.environ, _current_folder())
    _extend_path(project, pythonpath)
    os.environ[VARIABLE] = project.settings
    _start_django(project)
    if project.is_demo:
        _prepare_demo(database)
    verify(database=database, settings=project.settings)
    return project.label


def _current_folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:  # removed while the shell stands in it
        return None


def _extend_path(project: Project, pythonpath: str | None) -> None:
    """Import from where `python manage.py` or `python -m` would import from."""
    own = [] if project.is_demo else [project.folder, _current_folder()]
    for folder in reversed([pythonpath, *own]):
        if folder and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))


def _start_django(project: Project) -> None:
    import django

    try:
        importlib.import_module(project.settings)
        django.setup()
    except Exception as error:  # the project's own code: anything may come out of it
        raise _unusable(project, error) from error


def _unusable(project: Project, error: Exception) -> BootstrapError:
    name, named_by = project.settings, project.named_by
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and f"{name}.".startswith(f"{missing}."):
        return BootstrapError(
            f"There is no settings module '{name}' (named by {named_by})."
            " Check its name, or name the folder it is in with --pythonpath."
        )
    return BootstrapError(
        f"The project of {name} (named by {named_by}) cannot be loaded: {describe(error)}."
        " Does `python manage.py check` pass?"
    )


def _prepare_demo(database: str) -> None:
    from django.db import Error

    from tui_ingest.demo.database import prepare

    try:
        if database == "default":
            prepare(lambda: bool(unapplied_migrations(database, ["tui_ingest", "polls"])))
    except (OSError, Error) as error:
        from tui_ingest.demo.settings import DATABASE_PATH

        raise BootstrapError(
            f"The demo's database {DATABASE_PATH} cannot be written: {error}."
            " Name another file with the environment variable TUI_INGEST_DEMO_DB."
        ) from error


# Which project


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
