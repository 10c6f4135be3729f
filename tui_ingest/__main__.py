"""`python -m tui_ingest`."""

import sys

from tui_ingest.cli import main

sys.exit(main())
