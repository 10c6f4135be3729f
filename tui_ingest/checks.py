"""System checks: what would break the promise is refused before the first record is read."""
