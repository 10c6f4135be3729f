"""A log, the database that it is applied to, and a source that writes it."""

from django.core import serializers

from tests.support.engine import ingest
from tests.support.lines import line, line_of_text, serialized
from tui_ingest.conf import Settings
from tui_ingest.ingest.target import Target as EngineTarget
from tui_ingest.models import DeadLetter, ModelTotal, ProcessedFile


def saved(model, pk, fields):
    return line("SAVE", dumped(model, pk, fields))


def deleted(model, pk, fields=None):
    return line("DELETE", dumped(model, pk, fields or {}))


def dumped(model, pk, fields):
    return serialized(f"gallery.{model}", pk, fields)


def without_pk(model, fields):
    return {"model": f"gallery.{model}", "fields": fields}


def logged(*instances, operation="SAVE", **options):
    """A line of the log as the article's source writes it: by Django's json serializer."""
    return line_of_text(operation, serializers.serialize("json", instances, **options))


class Target:
    """Applies its log with a session, each time what was added since."""

    def __init__(self, folder, database):
        self.path = folder / "oplog.log"
        self.database = database

    def apply(self, *lines, **settings):
        """Append lines, run a session to the end of the log, return what it says at its end."""
        with self.path.open("ab") as log:
            log.writelines(lines)
        result, _ = ingest(self.path, database=self.database, settings=Settings(**settings))
        assert result.error == "", result.error
        return result

    def accept(self, *lines, **settings):
        """As `apply`; nothing may be set aside."""
        result = self.apply(*lines, **settings)
        assert result.set_aside == 0, [letter.error for letter in self.letters()]
        return result

    def refuse(self, line, **settings):
        """Apply a line that must become a dead letter; return that."""
        assert self.apply(line, **settings).set_aside == 1
        letter = self.letters().last()
        assert bytes(letter.raw) == line.rstrip(b"\n")
        return letter

    def engine(self, settings=None):
        """The same as the engine knows it."""
        return EngineTarget(self.database, settings)

    def rows(self, model):
        return model._base_manager.using(self.database)

    def row(self, model, **where):
        return self.rows(model).get(**where)

    def letters(self):
        return DeadLetter.objects.using(self.database).order_by("pk")

    def file(self):
        return ProcessedFile.objects.using(self.database).get()

    def total(self, label):
        """How the records of a model are counted, outcomes that did not happen left out."""
        row = ModelTotal.objects.using(self.database).get(model=label)
        names = ("saved", "deleted", "missing", "failed", "skipped")
        return {name: getattr(row, name) for name in names if getattr(row, name)}
