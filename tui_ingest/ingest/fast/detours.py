"""Why records of a model take the exact path, in words."""

from __future__ import annotations

from django.db.models import Model

from tui_ingest.ingest.fast import planning, upserts
from tui_ingest.ingest.fast.planning import TableRule
from tui_ingest.ingest.fast.tables import Tables
from tui_ingest.ingest.model_fields import many_to_many
from tui_ingest.ingest.target import Target

SENTENCES: dict[TableRule, str] = {
    planning.has_triggers: "its table has triggers, which tell an insert from an update",
    planning.writes_expressions: "a field is written as an expression",
    planning.has_keys_of_many_spellings: (
        "its key, or one that it refers to, has values with more than one spelling"
    ),
    planning.is_referred_to_by_other_values: (
        "other rows refer to it by another field than its identity, or generically"
    ),
}


class Detours:
    """Explains the models of one database."""

    def __init__(self, target: Target) -> None:
        self._connection = target.connection
        self._tables = Tables(target)

    def of_saves(self, model: type[Model]) -> list[str]:
        """Return why every record that saves a row takes the exact path; nothing if none must."""
        return self._why(model, planning.SAVE_RULES)

    def of_some(self, model: type[Model]) -> list[str]:
        """Return which records besides take the exact path, and why."""
        saves = self.of_saves(model)
        found = []
        if links := [field.name for field in many_to_many(model)]:
            found.append(f"records with {', '.join(links)}: many-to-many values")
        deletes = [why for why in self._why(model, planning.DELETE_RULES) if why not in saves]
        return [*found, *(f"deletions: {why}" for why in deletes)]

    def _why(self, model: type[Model], rules: tuple[TableRule, ...]) -> list[str]:
        if upserts.of(self._connection) is None:
            return ["the upserts of this database, or its driver, cannot be relied on"]
        table = self._tables.of(model)
        if table is None:
            return ["its key has several columns"]
        return [SENTENCES[rule] for rule in rules if rule(table)]
