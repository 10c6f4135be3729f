"""What a session would do with each model, and why: for whoever sets one up.

models        identity, path, receivers, triggers, references: begin here
round_trips   fields whose values do not come back from a log as they were
times         how exact the times of a log are
"""

from tui_ingest.ingest.explaining.models import ModelExplanation, explain
from tui_ingest.ingest.explaining.times import LogTimes, times_of

__all__ = ["LogTimes", "ModelExplanation", "explain", "times_of"]
