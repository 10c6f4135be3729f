"""What an upsert can say about a refusal."""


class RowRefusedError(Exception):
    """The database or its driver refused a row; the cause is chained."""

    def __init__(self, index: int) -> None:
        super().__init__(f"The record of entry {index} was refused.")
        self.index = index  # of the entry
