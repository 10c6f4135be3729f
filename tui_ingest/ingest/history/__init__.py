"""One row over time: what the log says of it, from its oldest record on, and the row now.

subjects   which row is meant, and which objects of records speak of it
patterns   what a line must have in it to speak of a row: cheap to look for
steps      one record of the row, and what it changed of what the one before said
telling    both in words
lacking    what cannot be found any more
tracing    all of them, searched, with the dead letters, with what is missing, with the row now
"""

from tui_ingest.ingest.history.steps import Change, LetterFacts, Step
from tui_ingest.ingest.history.subjects import HistoryError, Subject, subject_named, subject_of
from tui_ingest.ingest.history.tracing import RowNow, Tracing

__all__ = [
    "Change",
    "HistoryError",
    "LetterFacts",
    "RowNow",
    "Step",
    "Subject",
    "Tracing",
    "subject_named",
    "subject_of",
]
