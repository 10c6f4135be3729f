"""What a session would do with each model, and why: for whoever sets one up.

models        identity, path, receivers, triggers, references: begin here
round_trips   values that do not come back from a log as they were
"""

from tui_ingest.ingest.explaining.models import ModelExplanation, explain
from tui_ingest.ingest.explaining.round_trips import LogTimes, times_of

__all__ = ["LogTimes", "ModelExplanation", "explain", "times_of"]
