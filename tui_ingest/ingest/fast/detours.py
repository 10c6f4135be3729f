"""Why records of a model take the exact path, in words."""

from __future__ import annotations

from django.db.models import Model

from tui_ingest.ingest.fast import planning, upserts
from tui_ingest.ingest.fast.planning import LinkRule, TableRule
from tui_ingest.ingest.fast.plans import link_tables
from tui_ingest.ingest.fast.tables import Tables
from tui_ingest.ingest.identity import has_natural_key
from tui_ingest.ingest.target import Target

SENTENCES: dict[TableRule | LinkRule, str] = {
    planning.has_triggers: "its table has triggers, which tell an insert from an update",
    planning.writes_expressions: "a field is written as an expression",
    planning.has_keys_of_many_spellings: (
        "its key, or one that it refers to, has values with more than one spelling"
    ),
    planning.is_referred_to_by_other_values: (
        "other rows refer to it by another field than its identity, or generically"
    ),
    planning.has_links_with_triggers: "the table of many-to-many links to it has triggers",
    planning.has_natural_keys_of_more_than_columns: "its natural key is more than columns' values",
    planning.has_natural_keys_of_many_spellings: (
        "its natural key may have nulls, or values with more than one spelling"
    ),
    planning.has_keys_of_the_projects_making: "new rows take keys of the project's making",
    planning.have_more_than_keys: "its links have a model of their own",
    planning.have_triggers: "the table of its links has triggers",
    planning.lead_to_keys_of_many_spellings: ("its links lead to keys with more than one spelling"),
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
        table = self._tables.of(model)
        fields = link_tables(table, self._tables) if table else {}
        found = [
            f"records with {name}: {SENTENCES[rule]}"
            for name, links in fields.items()
            for rule in planning.LINK_RULES
            if rule(links)
        ]
        others = {"deletions": planning.DELETE_RULES}
        if has_natural_key(model):
            others["records without a primary key"] = planning.NAME_RULES
        for which, rules in others.items():
            found += [f"{which}: {why}" for why in self._why(model, rules) if why not in saves]
        return found

    def _why(self, model: type[Model], rules: tuple[TableRule, ...]) -> list[str]:
        if upserts.of(self._connection) is None:
            return ["the upserts of this database, or its driver, cannot be relied on"]
        table = self._tables.of(model)
        if table is None:
            return ["its key has several columns"]
        return [SENTENCES[rule] for rule in rules if rule(table)]
