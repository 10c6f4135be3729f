"""Every combination of versions that the project supports.

    pip install -e ".[dev]"
    nox -f .ci/noxfile.py                               all of them, one after another
    nox -f .ci/noxfile.py --list
    nox -f .ci/noxfile.py -s "tests(3.13, Django 6.1)" -- tests/unit -x

Interpreters are those on the PATH and those of pyenv, be they in use or not; uv downloads what is
missing. Where it cannot, the combination is passed over; at the end stands which ones were.
"""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DJANGOS = ("5.2", "6.0", "6.1")
OLDEST = PYTHONS[0]
SUPPORTED = [
    nox.param(python, django, id=f"{python}, Django {django}")
    for python in PYTHONS
    for django in DJANGOS
    if django == "5.2" or python != OLDEST  # Django 6 needs Python 3.12
]
# Ahead of pyenv's own commands, which know only the versions in use.
OWN = [str(p) for v in PYTHONS for p in Path.home().glob(f".pyenv/versions/{v}.*/bin")]
os.environ["PATH"] = os.pathsep.join([*OWN, os.environ["PATH"]])
TESTS = ("tests/unit", "tests/integration", "tests/tui", "-n", "2")


@nox.session
@nox.parametrize(("python", "django"), SUPPORTED)
def tests(session: nox.Session, django: str) -> None:
    """Run the tests with the newest of everything else."""
    session.chdir(ROOT)
    session.install("-e", ".[test]", f"django~={django}.0")
    _run_tests(session)


@nox.session(python=OLDEST)
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest declared version of every dependency."""
    session.chdir(ROOT)
    session.install("--resolution", "lowest-direct", "-e", ".[test]")
    _run_tests(session)


@nox.session(python=OLDEST)
def package(session: nox.Session) -> None:
    """Build sdist and wheel, and use them as somebody who has nothing else."""
    session.chdir(ROOT)
    session.install("build", "pexpect", "pyte", "twine")
    dist = session.create_tmp()
    session.run("python", "-m", "build", "--outdir", dist)
    session.run("twine", "check", "--strict", *map(str, Path(dist).glob("tui_ingest-*")))
    session.run("python", ".ci/check_package.py", dist)


def _run_tests(session: nox.Session) -> None:
    session.run("python", "-c", _VERSIONS)
    session.run("pytest", "-q", *(session.posargs or TESTS))


_VERSIONS = (
    "import sys; from importlib.metadata import version as v;"
    "print('Python', sys.version.split()[0], *(f'{n} {v(n)}' for n in"
    " ('django', 'textual', 'rich', 'watchdog', 'psycopg', 'pytest')))"
)
