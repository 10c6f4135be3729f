"""Random histories of the project `office`: states of its rows, and the log of what led to them.

Every transaction leaves a state that a database would have accepted. Its records say what each row
is like at its end, saves before deletes and otherwise in any order, as the recorder's relay writes
them: so values are exchanged and rows refer to each other across records.
"""

import copy

from hypothesis import strategies as st

from tests.support.lines import line, serialized

EPOCH = 1_698_395_500  # of every record: an example is the same whenever it is drawn

# By model: its foreign keys, each with what becomes of the row when the other one goes.
REFERENCES = {
    "department": {"head": ("person", "cascade")},
    "person": {"department": ("department", "cascade"), "boss": ("person", "set null")},
    "page": {},
    "remark": {"page": ("page", "cascade")},
    "desk": {"owner": ("person", "set null")},
    "telephone": {"desk": ("desk", "cascade")},
}
# What only one row may have at a time; of which NULL may be had by many.
UNIQUE = {
    "department": [("name",)],
    "person": [("badge",)],
    "page": [("path",)],
    "desk": [("room", "number"), ("owner",)],
}


class Office:
    """A state: the fields of each row, by model and primary key."""

    def __init__(self):
        self.rows = {model: {} for model in REFERENCES}
        self.last = 0  # number used; none is used twice, but for a row that is made anew

    def new_number(self):
        self.last += 1
        return self.last

    def save(self, model, pk, **fields):
        self.rows[model].setdefault(pk, {}).update(fields)

    def delete(self, model, pk):
        """Delete a row with what goes with it."""
        if self.rows[model].pop(pk, None) is None:
            return
        for child, references in REFERENCES.items():
            for name, (parent, on_delete) in references.items():
                if parent != model:
                    continue
                for other, fields in [*self.rows[child].items()]:
                    if fields[name] == pk and on_delete == "cascade":
                        self.delete(child, other)
                    elif fields[name] == pk:
                        fields[name] = None

    def records_since(self, before):
        """The saves and the deletes that lead from an earlier state to this one."""
        saves = [
            serialized(f"office.{model}", pk, fields)
            for model, rows in self.rows.items()
            for pk, fields in rows.items()
            if before.rows[model].get(pk) != fields
        ]
        deletes = [
            serialized(f"office.{model}", pk, {})
            for model, rows in before.rows.items()
            for pk in rows
            if pk not in self.rows[model]
        ]
        return saves, deletes


@st.composite
def logs(draw, transactions=6):
    """Lines of a log, and the state that they lead to."""
    office = Office()
    lines = []
    _found(draw, office)
    before = Office()
    for _ in range(draw(st.integers(1, transactions))):
        for _ in range(draw(st.integers(1, 2))):
            draw(st.sampled_from(EVENTS))(draw, office)
        saves, deletes = office.records_since(before)
        lines += _written(draw, "SAVE", saves) + _written(draw, "DELETE", deletes)
        before = copy.deepcopy(office)
    return lines, office


def _written(draw, operation, objects):
    """Lines of these objects in any order, some of them in one record."""
    left = draw(st.permutations(objects))
    lines = []
    while left:
        size = draw(st.sampled_from([1, 1, 1, 2, len(left)]))
        lines.append(line(operation, *left[:size], at=EPOCH))
        left = left[size:]
    return lines


def _some(draw, rows, *, most=4):
    """Some of the primary keys that are there."""
    if not rows:
        return []
    return draw(st.lists(st.sampled_from(sorted(rows)), max_size=most, unique=True))


def _one(draw, rows):
    return draw(st.sampled_from(sorted(rows))) if rows else None


def _found(draw, office):
    """A department and its head, who need each other, and others below them."""
    department, head = office.new_number(), office.new_number()
    office.save("department", department, name=f"d{department}", head=head)
    office.save("person", head, department=department, badge=head, boss=None)
    for _ in range(draw(st.integers(0, 2))):
        person = office.new_number()
        office.save("person", person, department=department, badge=person, boss=head)


def _furnish(draw, office):
    for _ in range(draw(st.integers(1, 3))):
        number = office.new_number()
        office.save("page", number, path=f"p{number}", title="")
        office.save("desk", number, room="x", number=number, owner=None)
        office.save("remark", number, page=_one(draw, office.rows["page"]))
        office.save("telephone", number, desk=_one(draw, office.rows["desk"]), is_main=False)


def _rotate(draw, office):
    """Some rows exchange a unique value."""
    model = draw(st.sampled_from(sorted(UNIQUE)))
    names = draw(st.sampled_from(UNIQUE[model]))
    rows = office.rows[model]
    chosen = _some(draw, rows)
    values = [[rows[pk][name] for name in names] for pk in chosen]
    for pk, others in zip(chosen, values[1:] + values[:1], strict=True):
        office.save(model, pk, **dict(zip(names, others, strict=True)))


def _shift(draw, office):
    """A new page takes the path of another, which takes that of a third, and so on."""
    rows = office.rows["page"]
    chosen = _some(draw, rows)
    number = office.new_number()
    paths = [rows[pk]["path"] for pk in chosen] + [f"p{number}"]
    for pk, path in zip([number, *chosen], paths, strict=True):
        office.save("page", pk, path=path, title="")


def _make_anew(draw, office):
    """A page gives way to another of the same path, and of the same number or not."""
    old = _one(draw, office.rows["page"])
    if old is None:
        return
    path = office.rows["page"][old]["path"]
    new = office.new_number()
    for remark in _some(draw, office.rows["remark"]):
        office.save("remark", remark, page=new)
    office.delete("page", old)
    office.save("page", new, path=path, title="")


def _move(draw, office):
    """Some rows refer to others than before."""
    model, name, kind = draw(
        st.sampled_from(
            [
                ("department", "head", "person"),
                ("person", "department", "department"),
                ("person", "boss", "person"),
                ("remark", "page", "page"),
            ]
        )
    )
    for pk in _some(draw, office.rows[model]):
        office.save(model, pk, **{name: _one(draw, office.rows[kind])})


def _sit_down(draw, office):
    """Desks get other owners, of whom nobody has two."""
    rows = office.rows["desk"]
    free = set(office.rows["person"]) - {fields["owner"] for fields in rows.values()}
    for pk in _some(draw, rows):
        owner = _one(draw, free)
        free.discard(owner)
        office.save("desk", pk, owner=owner)


def _call(draw, office):
    """A telephone becomes the main one of its desk, which another was."""
    rows = office.rows["telephone"]
    chosen = _one(draw, rows)
    if chosen is None:
        return
    for pk, fields in rows.items():
        if fields["desk"] == rows[chosen]["desk"]:
            office.save("telephone", pk, is_main=pk == chosen)


def _leave(draw, office):
    model = draw(st.sampled_from(sorted(REFERENCES)))
    chosen = _one(draw, office.rows[model])
    if chosen is not None:
        office.delete(model, chosen)


EVENTS = (_found, _furnish, _rotate, _rotate, _shift, _make_anew, _move, _sit_down, _call, _leave)
