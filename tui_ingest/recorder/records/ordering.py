"""In what order the records of a round can be applied one by one, and which only together."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from django.db.models import ManyToManyField, Model

from tui_ingest.digests.fields import link_fields
from tui_ingest.recorder.captures import unique_groups
from tui_ingest.recorder.records.rows import comparable, key_of

Node = TypeVar("Node", bound=Hashable)
# What only one row may have: a model's label, a group of its fields, and their values.
Claim: TypeAlias = tuple[str, tuple[str, ...], tuple[Any, ...]]


@dataclass(kw_only=True, eq=False)
class Saved:
    """A row to be written, with its multi-table parents before it."""

    rows: list[Model]
    before: list[dict[str, Any]] = field(default_factory=list)  # unique values it has had

    @property
    def model(self) -> type[Model]:
        return type(self.rows[-1])


@dataclass(kw_only=True, eq=False)
class Deleted:
    """A row that is gone."""

    model: type[Model]
    key: list[Any]
    before: list[dict[str, Any]]  # unique values it has had, the earliest first


Group: TypeAlias = list[Saved]  # written as one record
Step: TypeAlias = "Group | Deleted"


class ModelGraph:
    """Which models have to be written before which, by their relations."""

    def __init__(self, models: Iterable[type[Model]]) -> None:
        self._models = set(models)
        needs = {model: list(self._needs(model)) for model in self._models}
        for model in self._models:  # a row and its parents' are one record: neither goes first
            for parent in model._meta.parents:
                if parent in needs:
                    needs[parent].append(model)
        in_order = sorted(self._models, key=lambda model: model._meta.label)
        self._component: dict[type[Model], int] = {}
        self._is_cyclic: dict[int, bool] = {}
        for number, members in enumerate(components(in_order, needs)):
            self._component |= dict.fromkeys(members, number)
            self._is_cyclic[number] = len(members) > 1 or members[0] in needs[members[0]]

    def rank(self, model: type[Model]) -> int:
        """Return a model's place: those that it refers to have a lower one, or the same."""
        return self._component.get(model, -1)

    def is_cyclic(self, model: type[Model]) -> bool:
        """Tell whether rows may need others of the same rank."""
        return self._is_cyclic.get(self.rank(model), False)

    def inner_relations(self, model: type[Model]) -> Iterator[Any]:
        """Yield the foreign keys of a model, not of its parents, to models of the same rank."""
        for relation in model._meta.local_fields:
            if relation.remote_field is not None and (
                self.rank(_concrete(relation.related_model)) == self.rank(model)
            ):
                yield relation

    def inner_links(self, model: type[Model]) -> list[ManyToManyField[Any, Any]]:
        """Return the many-to-many fields of a model to models of the same rank."""
        return [
            link
            for link in link_fields(model).values()
            if self.rank(_concrete(link.related_model)) == self.rank(model)
        ]

    def _needs(self, model: type[Model]) -> Iterator[type[Model]]:
        for relation in (*model._meta.local_fields, *model._meta.local_many_to_many):
            if relation.remote_field is not None:
                related = _concrete(relation.related_model)
                if related in self._models:
                    yield related


def _concrete(model: Any) -> Any:
    return model._meta.concrete_model if isinstance(model, type) else model  # type: ignore[attr-defined]


def ordered(
    saves: Sequence[Saved],
    deletes: Sequence[Deleted],
    graph: ModelGraph,
    linked: Mapping[tuple[Saved, str], list[Any]],
) -> list[Step]:
    """Return the records of a round in an order that an ingester can follow.

    Saves with parents before children, then deletes the other way round. A delete goes first if
    it frees a value or a key that a save takes, and with it those of rows that may refer to it.
    Saves that need each other make one record.

    Args:
        saves, deletes: in the order of their changes.
        linked: keys at the other end of the fields that `inner_links` names, by row and field.
    """
    held = _claims_before(saves)
    freed = _claims_before(deletes)
    taken: dict[Saved, list[Claim]] = (
        {saved: list(_claims_now(saved)) for saved in saves} if held or freed else {}
    )
    first = {freed[claim] for claims in taken.values() for claim in claims if claim in freed}
    first |= _made_anew(saves, deletes)
    lowest = min((graph.rank(gone.model) for gone in first), default=math.inf)
    first |= {gone for gone in deletes if graph.rank(gone.model) > lowest}
    falling = sorted(deletes, key=lambda gone: (-graph.rank(gone.model), -_depth(gone.model)))
    steps: list[Step] = [gone for gone in falling if gone in first]
    by_rank: dict[int, list[Saved]] = defaultdict(list)
    for saved in saves:
        by_rank[graph.rank(saved.model)].append(saved)
    for rank in sorted(by_rank):
        some = by_rank[rank]
        needs = _references(some, graph, linked) if graph.is_cyclic(some[0].model) else {}
        for saved in some if held else ():
            holders = [held[claim] for claim in taken[saved] if claim in held]
            needs.setdefault(saved, []).extend(h for h in holders if h is not saved)
        steps += components(some, needs) if needs else [[saved] for saved in some]
    steps += [gone for gone in falling if gone not in first]
    return steps


def _made_anew(saves: Iterable[Saved], deletes: Sequence[Deleted]) -> set[Deleted]:
    """Return the rows that are gone whose keys other rows have now."""
    if not deletes:
        return set()
    there = {(type(row), key_of(row)) for saved in saves for row in saved.rows}
    return {
        gone
        for gone in deletes
        if (gone.model, comparable(gone.model._meta.pk_fields, gone.key)) in there
    }


def _depth(model: type[Model]) -> int:
    """Return how many multi-table parents a model has: a child's row goes before them."""
    return len(model._meta.get_parent_list())


_Owner = TypeVar("_Owner", Saved, Deleted)


def _claims_before(changes: Iterable[_Owner]) -> dict[Claim, _Owner]:
    """Return what rows have had, and who had it."""
    claims: dict[Claim, _Owner] = {}
    for change in changes:
        for values in change.before:
            claims |= dict.fromkeys(_claims(change.model, values), change)
    return claims


def _claims_now(saved: Saved) -> Iterator[Claim]:
    for row in saved.rows:
        fields = row._meta.local_concrete_fields
        yield from _claims(type(row), {f.name: getattr(row, f.attname) for f in fields})


def _claims(model: type[Model], values: Mapping[str, Any]) -> Iterator[Claim]:
    fields = {field.name: field for field in model._meta.local_concrete_fields}
    for group in unique_groups(model):
        found = [values.get(name) for name in group]
        if None not in found:
            of_group = [fields[name] for name in group]
            yield model._meta.label_lower, group, comparable(of_group, found)


def _references(
    saves: Sequence[Saved],
    graph: ModelGraph,
    linked: Mapping[tuple[Saved, str], list[Any]],
) -> dict[Saved, list[Saved]]:
    """Return which rows of a round refer to which others, among models of one rank."""
    holder: dict[tuple[type[Model], str, Any], Saved] = {}
    for saved in saves:
        for row in saved.rows:
            for target in row._meta.local_concrete_fields:
                if target.unique:
                    holder[type(row), target.attname, getattr(row, target.attname)] = saved
    needs: dict[Saved, list[Saved]] = {}
    for saved in saves:
        found = []
        for row in saved.rows:
            for relation in graph.inner_relations(type(row)):
                target = relation.target_field
                value = getattr(row, relation.attname)
                found.append(holder.get((target.model, target.attname, value)))
            for link in graph.inner_links(type(row)):
                [target] = _concrete(link.related_model)._meta.pk_fields
                found += [
                    holder.get((target.model, target.attname, target.to_python(key)))
                    for key in linked.get((saved, link.name), ())
                ]
        others = [other for other in found if other is not None and other is not saved]
        if others:
            needs[saved] = others
    return needs


def components(nodes: Iterable[Node], needs: Mapping[Node, Sequence[Node]]) -> list[list[Node]]:
    """Return the nodes, those that need each other together, what is needed before what needs it.

    Tarjan's strongly connected components, without recursion; otherwise in the given order.
    """
    in_order = list(nodes)
    place = {node: index for index, node in enumerate(in_order)}
    index: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    path: list[Node] = []
    on_path: set[Node] = set()
    found: list[list[Node]] = []
    for root in in_order:
        if root in index:
            continue
        work = [(root, iter(needs.get(root, ())))]
        index[root] = lowest[root] = len(index)
        path.append(root)
        on_path.add(root)
        while work:
            node, others = work[-1]
            for other in others:
                if other not in index:
                    index[other] = lowest[other] = len(index)
                    path.append(other)
                    on_path.add(other)
                    work.append((other, iter(needs.get(other, ()))))
                    break
                if other in on_path:
                    lowest[node] = min(lowest[node], index[other])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == index[node]:
                    start = path.index(node)
                    members = path[start:]
                    del path[start:]
                    on_path -= set(members)
                    found.append(sorted(members, key=place.__getitem__))
    return found
