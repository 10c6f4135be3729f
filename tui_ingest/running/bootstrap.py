"""From a command line to a Django project that is set up and fit for a session."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from tui_ingest.running.discovery import VARIABLE, Project, choose
from tui_ingest.running.errors import BootstrapError, describe
from tui_ingest.running.verification import unapplied_migrations, verify


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
    _import_settings(project)
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
    folders = [pythonpath] if pythonpath else []
    if not project.is_demo:
        folders += [str(project.folder)] if project.folder else []
        folders += [str(_current_folder() or "")]
    for folder in reversed(folders):
        if folder and folder not in sys.path:
            sys.path.insert(0, folder)


def _import_settings(project: Project) -> None:
    name = project.settings
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise BootstrapError(
                f"There is no settings module '{name}' (named by {project.named_by})."
                " Check its name, or name the folder it is in with --pythonpath."
            ) from error
        raise _unusable(project, error) from error
    except Exception as error:  # the project's own code: anything may come out of it
        raise _unusable(project, error) from error


def _start_django(project: Project) -> None:
    import django

    try:
        django.setup()
    except Exception as error:  # the project's own code, as above
        raise _unusable(project, error) from error


def _unusable(project: Project, error: Exception) -> BootstrapError:
    return BootstrapError(
        f"The project of {project.settings} (named by {project.named_by}) cannot be loaded:"
        f" {describe(error)}. Does `python manage.py check` pass?"
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
