"""Contender: Django row by row as in the article, but a transaction for every 1,000 records.

Run as a program with the log's path, in a Django project that has its tables.
"""

import itertools
import json
import sys

import django

django.setup()

from django.core.serializers import python  # noqa: E402
from django.db import transaction  # noqa: E402

from tui_ingest.models import ProcessedFile  # noqa: E402

RECORDS_PER_TRANSACTION = 1_000


def ingest(path: str) -> None:
    checkpoint, _ = ProcessedFile.objects.get_or_create(file_path=path)
    with open(path, "rb") as log:  # noqa: PTH123
        log.seek(checkpoint.last_processed_position)
        while batch := list(itertools.islice(log, RECORDS_PER_TRANSACTION)):
            with transaction.atomic():
                for line in batch:
                    apply(line)
                checkpoint.last_processed_position += sum(map(len, batch))
                checkpoint.save()


def apply(line: bytes) -> None:
    _, operation, objects = line.split(b" ", 2)
    for found in python.Deserializer(json.loads(objects)):
        if operation == b"SAVE":
            found.save()
        else:
            type(found.object).objects.filter(id=found.object.id).delete()


ingest(sys.argv[1])
