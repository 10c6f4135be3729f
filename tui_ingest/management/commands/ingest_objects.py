"""`manage.py ingest_objects LOG`: apply an operation log without a console."""

from tui_ingest.management.commands import ingest_console


class Command(ingest_console.Command):
    help = "Apply an operation log to this project's database, and follow it. No console."
    always_headless = True
