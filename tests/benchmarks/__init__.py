"""How fast the product is, beside other ways of doing the same: `python -m tests.benchmarks`."""

import compileall
from pathlib import Path

import tui_ingest

# As it is when it was installed: what Python would compile at each start is not measured.
compileall.compile_dir(Path(tui_ingest.__file__).parent, quiet=1)
