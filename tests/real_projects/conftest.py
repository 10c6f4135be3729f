"""Sources of real projects, made once in a run, and targets on both kinds of databases."""

from importlib.util import find_spec

import pytest
from psycopg import conninfo

from tests.real_projects.harness import processes
from tests.real_projects.harness.processes import Project

PACKAGES = {
    "guardian_grants": "guardian",
    "history_kept": "simple_history",
    "mptt_categories": "mptt",
    "reversion_shop": "reversion",
    "wagtail_site": "wagtail",
}

# A second database and a second order of records add little to what the gate has time for.
LONG = {"history_kept", "reversion_shop", "wagtail_site"}


@pytest.hookimpl(tryfirst=True)  # before those are chosen that -m names
def pytest_collection_modifyitems(items):
    for item in items:
        given = getattr(item, "callspec", None)
        if given is None or given.params.get("project") not in LONG:
            continue
        if "seed" in given.params and given.params["target"] == "sqlite":
            item.add_marker(pytest.mark.thorough)


@pytest.fixture(params=sorted(PACKAGES))
def project(request, tmp_path_factory):
    """One project after the other."""
    package = PACKAGES[request.param]
    if find_spec(package) is None:
        pytest.fail(
            f"This test needs the package {package}. It comes with an extra of its own:"
            ' pip install -e ".[test,projects]"'
        )
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    return Project(request.param, shared / "real_projects")


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request, project, tmp_path):
    """The project's target on each kind of database."""
    if request.param == "sqlite":
        made = processes.sqlite_target(project, tmp_path)
    else:
        server = request.getfixturevalue("postgres_server")
        host = conninfo.conninfo_to_dict(server.get_uri())["host"]
        made = processes.postgres_target(project, host)
    with made as target:
        yield target
