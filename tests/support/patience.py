"""How long a test waits before it gives up."""

DEADLINE_SECONDS = 300.0  # nothing is measured by it
