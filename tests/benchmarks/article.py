"""Contender: the algorithm of the article. One record at a time, each its own transaction.

Run as a program with the log's path, in a Django project that has its tables.
"""

import sys
import traceback

import django

django.setup()

from django.core import serializers  # noqa: E402

from tui_ingest.models import ProcessedFile  # noqa: E402


def ingest(path: str) -> None:
    checkpoint, _ = ProcessedFile.objects.get_or_create(file_path=path)
    with open(path, encoding="utf-8") as log:  # noqa: PTH123
        log.seek(checkpoint.last_processed_position)
        while line := log.readline():
            try:
                apply(line)
            except Exception:
                traceback.print_exc(limit=1)
        checkpoint.last_processed_position = log.tell()
        checkpoint.save()


def apply(line: str) -> None:
    _, operation, objects = line.split(" ", 2)
    for found in serializers.deserialize("json", objects):
        if operation == "SAVE":
            found.save()
        else:
            type(found.object).objects.get(id=found.object.id).delete()


ingest(sys.argv[1])
