"""A deletion with what Django's Collector finds to go along, without signals and managers.

What takes along, lets go or protects is said by `on_delete` of the fields that lead here, as
everywhere in Django. But Django's own Collector finds such rows through the managers of their
models, which may hide some, and tells every receiver.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any

from django.db.models import DO_NOTHING, Model, ProtectedError, Q, QuerySet, RestrictedError, sql
from django.db.models.deletion import Collector, get_candidate_relations_to_delete

from tui_ingest.ingest.exact.announcing import Announcements
from tui_ingest.ingest.exact.sequences import Counters
from tui_ingest.ingest.model_fields import concrete
from tui_ingest.ingest.receivers import Receivers
from tui_ingest.ingest.target import Target

Objects = Any  # instances of one model: a list or a query set, as `on_delete` gives them


def delete(
    target: Target, rows: Objects, announcements: Announcements, *, keep_parents: bool = False
) -> None:
    """Delete rows, and what goes along with them.

    Args:
        rows: a list of instances or a query set, of one model.
        announcements: to be finished by the caller.
        keep_parents: of rows with multi-table parents, delete only the child's part.

    Raises:
        ProtectedError, RestrictedError: rows that refer to them forbid it.
    """
    origin = rows[0] if isinstance(rows, list) else rows
    collector = _Collector(target, announcements, origin)
    collector.collect(rows, keep_parents=keep_parents)
    collector.delete()


def taken_along(target: Target, row: Model) -> list[Objects]:
    """Return the rows that would go with one, and that one, model by model; nothing is deleted.

    Raises:
        ProtectedError, RestrictedError: rows that refer to them forbid it.
    """
    nobody = Announcements(Receivers(()), target.database, Counters(target))
    collector = _Collector(target, nobody, row)
    collector.collect([row], keep_parents=True)
    return [*collector.data.values(), *collector.fast_deletes]


@cache
def goes_alone(model: type[Model]) -> bool:
    """Tell of a model whether with one of its rows goes no other, whatever refers to it."""
    meta = concrete(model)._meta
    return not any(
        relation.field.remote_field.on_delete is not DO_NOTHING
        and relation.model not in meta.all_parents  # whose rows are kept
        for relation in _relations_to(concrete(model))
    ) and not any(hasattr(field, "bulk_related_objects") for field in meta.private_fields)


class _Collector(Collector):
    """Django's, as far as it is asked by `on_delete`."""

    def __init__(self, target: Target, announcements: Announcements, origin: Objects) -> None:
        super().__init__(using=target.database, origin=origin)
        self._target = target
        self._announcements = announcements

    def _has_signal_listeners(self, model: type[Model]) -> bool:
        return self._announcements.are_told_of_deletes(model)

    def related_objects(
        self, related_model: type[Model], related_fields: Iterable[Any], objs: Objects
    ) -> QuerySet[Model]:
        predicates = Q.create(
            [(f"{field.name}__in", objs) for field in related_fields], connector=Q.OR
        )
        return self._target.rows(related_model).filter(predicates)

    def collect(  # the signature is Django's
        self,
        objs: Objects,
        source: type[Model] | None = None,
        nullable: bool = False,
        collect_related: bool = True,
        source_attr: str | None = None,  # noqa: ARG002
        reverse_dependency: bool = False,
        keep_parents: bool = False,
        fail_on_restricted: bool = True,
    ) -> None:
        if self.can_fast_delete(objs):
            self.fast_deletes.append(objs)
            return
        new = self.add(objs, source, nullable, reverse_dependency=reverse_dependency)
        if not new:
            return
        model = type(new[0])
        if not keep_parents:
            self._collect_parents(model, new)
        if collect_related:
            self._collect_dependents(model, new, keep_parents=keep_parents)
            self._collect_generic(model, new)
            if fail_on_restricted:
                self._fail_on_restricted(model)

    def _collect_parents(self, model: type[Model], objs: list[Model]) -> None:
        links: Any = concrete(model)._meta.parents.values()
        for link in links:
            if link is not None:
                keys = [getattr(obj, link.attname) for obj in objs]
                parents = self._target.rows(link.remote_field.model)
                self.collect(
                    [*parents.filter(**{f"{link.target_field.name}__in": keys})],
                    source=model,
                    collect_related=False,
                    reverse_dependency=True,
                    fail_on_restricted=False,
                )

    def _collect_dependents(
        self, model: type[Model], objs: list[Model], *, keep_parents: bool
    ) -> None:
        protected: dict[str, list[Model]] = defaultdict(list)
        for related in _relations_to(model):
            field = related.field
            on_delete = field.remote_field.on_delete
            of_parent = keep_parents and related.model in model._meta.all_parents
            if of_parent or on_delete == DO_NOTHING:
                continue
            is_fast = self.can_fast_delete(related.related_model, from_field=field)
            for batch in self.get_del_batches(objs, [field]):
                dependents = self.related_objects(related.related_model, [field], batch)
                if is_fast:
                    self.fast_deletes.append(dependents)
                    continue
                if not self._has_signal_listeners(related.related_model):
                    dependents = dependents.only(*_referenced(related.related_model))
                if not (getattr(on_delete, "lazy_sub_objs", False) or dependents):
                    continue
                try:
                    on_delete(self, field, dependents, self.using)
                except ProtectedError as error:
                    protected[_name(field)] += error.protected_objects
        if protected:
            raise ProtectedError(_sentence(model, "protected", protected), _all(protected))

    def _collect_generic(self, model: type[Model], objs: list[Model]) -> None:
        for field in model._meta.private_fields:
            if hasattr(field, "bulk_related_objects"):
                self.collect(
                    self._generic(field, objs),
                    source=model,
                    nullable=True,
                    fail_on_restricted=False,
                )

    def _generic(self, field: Any, objs: list[Model]) -> Objects:
        if not hasattr(field, "content_type_field_name"):  # not Django's GenericRelation
            return field.bulk_related_objects(objs, self.using)
        from django.contrib.contenttypes.models import ContentType  # not every project has them

        content_type = ContentType.objects.db_manager(self.using).get_for_model(
            field.model, for_concrete_model=field.for_concrete_model
        )
        return self._target.rows(field.remote_field.model).filter(
            **{
                field.content_type_field_name: content_type,
                f"{field.object_id_field_name}__in": [obj.pk for obj in objs],
            }
        )

    def _fail_on_restricted(self, model: type[Model]) -> None:
        """Forbid the deletion if RESTRICT does so for rows that are not deleted as well."""
        for other, instances in self.data.items():
            self.clear_restricted_objects_from_set(other, set(instances))
        for rows in self.fast_deletes:
            self.clear_restricted_objects_from_queryset(rows.model, rows)
        restricted: dict[str, list[Model]] = defaultdict(list)
        for fields in self.restricted_objects.values():
            for field, objs in fields.items():
                if objs:
                    restricted[_name(field)] += objs
        if restricted:
            raise RestrictedError(_sentence(model, "restricted", restricted), _all(restricted))

    def delete(self) -> None:  # type: ignore[override]  # nobody counts
        for model, instances in self.data.items():
            self.data[model] = sorted(instances, key=attrgetter("pk"))
        self.sort()  # for databases that check foreign keys at once
        told = [
            instance
            for model, instance in self.instances_with_model()
            if not model._meta.auto_created and self._has_signal_listeners(model)
        ]
        for instance in told:
            self._announcements.deleting(instance, self.origin)
        for rows in self.fast_deletes:
            rows._raw_delete(using=self.using)
        for (field, value), groups in self.field_updates.items():
            for group in groups:
                self._update(group, field, value)
        for model, instances in self.data.items():
            keys = [instance.pk for instance in reversed([*instances])]
            sql.DeleteQuery(model).delete_batch(keys, self.using)
        for instance in told:
            self._announcements.deleted(instance, self.origin)

    def _update(self, objs: Objects, field: Any, value: Any) -> None:
        if not isinstance(objs, QuerySet) or objs._result_cache is not None:
            keys = [obj.pk for obj in objs]
            objs = self._target.rows(type(objs[0])).filter(pk__in=keys) if keys else None
        if objs is not None:
            objs.update(**{field.name: value})


def _referenced(model: type[Model]) -> set[str]:
    """Return the fields by which others find rows of a model: no more is needed of it."""
    related = (relation.field.foreign_related_fields for relation in _relations_to(model))
    return {field.attname for fields in related for field in fields}


def _relations_to(model: type[Model]) -> Iterable[Any]:
    return get_candidate_relations_to_delete(model._meta)


def _name(field: Any) -> str:
    return f"'{field.model.__name__}.{field.name}'"


def _sentence(model: type[Model], how: str, names: Iterable[str]) -> str:
    return (
        f"Cannot delete some instances of model '{model.__name__}' because they are referenced"
        f" through {how} foreign keys: {', '.join(names)}."
    )


def _all(objs: dict[str, list[Model]]) -> set[Model]:
    return set(chain.from_iterable(objs.values()))
