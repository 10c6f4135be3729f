"""`manage.py ingest_console LOG`: apply an operation log in the console."""

from tui_ingest.management.sessions import SessionCommand


class Command(SessionCommand):
    help = "Watch an operation log being applied to this project's database; pause and repair it."
