"""Rows by their natural keys: what `get_by_natural_key` of a model's manager does, over all rows.

Only that method knows which fields a natural key is made of. It is asked through a copy of the
manager that hides nothing: the manager itself may show but the rows of one tenant, or none that
were deleted softly.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from django.db.models import Model, QuerySet

from tui_ingest.ingest.target import Target


def is_one(model: type[Model], value: object) -> bool:
    """Tell whether a reference to a row of the model is its natural key."""
    return isinstance(value, list | tuple) and hasattr(model._default_manager, "get_by_natural_key")


def look_up(target: Target, model: type[Model], key: Any) -> Model:
    """Return the row with a natural key.

    Raises:
        ObjectDoesNotExist: there is none.
        Exception: whatever the manager's method raises.
    """
    manager: Any = copy.copy(model._default_manager)
    # A method that was made from a query set is asked through one of that class.
    rows = getattr(manager, "_queryset_class", QuerySet)
    manager._db = target.database
    manager.get_queryset = lambda: rows(model=model, using=target.database)
    found: Model = manager.get_by_natural_key(*key)
    return found


def of(target: Target, model: type[Model], values: Mapping[str, Any]) -> Any:
    """Return what `natural_key()` says of a row with these values.

    Raises:
        Exception: whatever it raises.
    """
    instance: Any = model(**values)
    instance._state.db = target.database
    return instance.natural_key()
