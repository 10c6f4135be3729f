"""The history of a row, looked up to its end."""

from contextlib import closing

from tui_ingest.ingest.history import Tracing, subject_named, telling
from tui_ingest.oplog.files.reading import FileLog


class Found:
    """A history to its end."""

    def __init__(self, target, subjects, settings=None):
        with closing(FileLog(target.path)) as log:
            tracing = Tracing(target.engine(settings), log, subjects)
            self.steps = [step for steps in tracing.run() for step in steps]
            self.lacks, self.notes, self.records = tracing.lacks, tracing.notes, tracing.records
            self.now = tracing.now()
            self.begins_at = tracing.begins_at

    @property
    def effects(self):
        return [telling.effect(step) for step in self.steps]

    @property
    def fates(self):
        return [telling.fate(step) for step in self.steps]

    @property
    def changes(self):
        return [[telling.change(change) for change in step.changes] for step in self.steps]


def trace(target, label, key, settings=None):
    return Found(target, subject_named(target.engine(settings), label, str(key)), settings)
