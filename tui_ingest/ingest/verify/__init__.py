"""Whether the rows here are those of the source: a DIGEST of the log, and what is made of it.

verifier     a DIGEST as it comes: the pass over a model's table that it belongs to, the verdict
comparing    the rows of one DIGEST beside the rows here
keeping      the verdicts, durably, and the rows that differ
"""

from tui_ingest.ingest.verify.keeping import Conclusion
from tui_ingest.ingest.verify.verifier import Verifier

__all__ = ["Conclusion", "Verifier"]
