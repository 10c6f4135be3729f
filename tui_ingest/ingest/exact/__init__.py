"""The exact path: what a record means, one record at a time, through Django."""
