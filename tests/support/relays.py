"""The relay of a source as a process, with a log of its own, and what that says in the end."""

import json
import signal
import threading

from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.recorded import parsed


class RelayLog:
    """A log that relays of a site write, with other settings than the site's."""

    def __init__(self, site, name, **settings):
        self._site = site
        self.path = site.folder / f"{name}.log"
        text = repr({"LOG": str(self.path)} | settings)
        (site.folder / "mysite" / f"{name}.py").write_text(
            f"from mysite.settings import *\nTUI_INGEST_RECORDER = TUI_INGEST_RECORDER | {text}\n"
            "for database in DATABASES.values():\n"
            "    if database['ENGINE'].endswith('sqlite3'):\n"
            "        database['OPTIONS'] = {'timeout': 1}\n"
        )
        self._environment = {"DJANGO_SETTINGS_MODULE": f"mysite.{name}", "PYTHONUNBUFFERED": "1"}

    def command(self, *arguments):
        """Run `record_changes` to its end."""
        return self._site.manage("record_changes", *arguments, **self._environment)

    def drain(self):
        done = self.command("--once")
        assert done.returncode == 0, done.stderr

    def status(self):
        done = self.command("--status", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def relay(self, *arguments):
        process = self._site.start(*arguments, "manage.py", "record_changes", **self._environment)
        return RelayProcess(process)

    def files(self):
        """The log's files, the oldest first."""
        older = self.path.parent.glob(f"{self.path.name}.*")
        by_age = sorted(older, key=lambda path: -int(path.suffix[1:]))
        return [*by_age, *([self.path] if self.path.exists() else [])]

    def lines(self):
        return [line for path in self.files() for line in path.read_bytes().splitlines(True)]

    def last(self, model):
        """The fields of each row's last record, by key; those that were deleted left out."""
        rows = {}
        for operation, objects in parsed(self.lines()):
            for found in objects:
                if found["model"] == model:
                    rows[json.dumps(found["pk"])] = found["fields"] if operation == "SAVE" else None
        return {key: fields for key, fields in rows.items() if fields is not None}


class RelayProcess:
    """A running relay; it is stopped at the end of the block, and killed if the test has failed."""

    def __init__(self, process):
        self.process = process
        self.told = []  # lines of its output
        self._reader = threading.Thread(target=self._read)

    def __enter__(self):
        self._reader.start()
        return self

    def __exit__(self, failure, *_):
        try:
            if failure is None and self.process.poll() is None:
                self.stop()
        finally:
            self.kill()
            self.process.stderr.close()

    def _read(self):
        self.told.extend(self.process.stdout)
        self.process.stdout.close()

    def says(self, text):
        """Wait for a line of its output."""
        eventually(
            lambda: any(text in line for line in list(self.told)),
            what=f"the relay says {text!r}; it said {self.told}",
        )

    def stop(self):
        """Stop it as a service manager does; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=DEADLINE_SECONDS)
        self._reader.join()
        return self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
