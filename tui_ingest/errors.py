"""The root of what this package raises on purpose."""


class TuiIngestError(Exception):
    """Something is wrong that a person can put right: the message says what, where, what next."""
