"""Django's admin as the web page: every log live, orders to its session, its dead letters.

registering    which pages there are, on which site, of which database; plain lists
logs           all logs, and one of them, refreshed without reloading
log_facts      what these two show
commanding     orders, and what became of them
dead_letters   the list of them: by reason, retried and discarded together, or in portions
dead_letter    one of them: edited, retried, discarded
letter_facts   what is shown of it: the record beside the database
filters        of these lists
kept_rows      what all of these share: nothing is changed by hand
"""

from tui_ingest.admin.registering import register

__all__ = ["register"]

register()
