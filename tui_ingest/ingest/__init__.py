"""Records to rows, by way of Django. Nothing here knows who listens or who commands."""
