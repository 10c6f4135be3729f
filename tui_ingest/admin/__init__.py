"""Django's admin as the web page: every log live, orders to its session, its dead letters.

registering    which pages there are, on which site, of which database; plain lists
logs           all logs, and one of them, refreshed without reloading; orders to their sessions
log_facts      what of a log is shown there
dead_letters   listed by reason, retried and discarded together, in portions, or one by one; edited
letter_facts   what is shown of one: the record beside the database
kept_rows      what all of these share: nothing is changed by hand
"""

from tui_ingest.admin.registering import register

__all__ = ["register"]

register()
