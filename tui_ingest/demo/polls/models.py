"""Questions, choices and who took part: known by UUID everywhere, by number on each server."""

from __future__ import annotations

import uuid

from django.db import models


class UUIDModel(models.Model):
    """A local number as primary key, and a UUID that is the same wherever the row goes."""

    pkid = models.BigAutoField(primary_key=True, editable=False)
    id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)

    class Meta:
        abstract = True


class Question(UUIDModel):
    question_text = models.CharField(max_length=200)
    pub_date = models.DateTimeField("date published")

    def __str__(self) -> str:
        return self.question_text


class Choice(UUIDModel):
    question = models.ForeignKey(Question, on_delete=models.CASCADE, to_field="id")
    choice_text = models.CharField(max_length=200)
    votes = models.IntegerField(default=0)

    def __str__(self) -> str:
        return self.choice_text


class Participant(UUIDModel):
    """Somebody who took part in a poll, at most once in each."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, to_field="id")
    name = models.CharField(max_length=100)
    joined = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["question", "name"], name="polls_takes_part_once"),
        )

    def __str__(self) -> str:
        return self.name
