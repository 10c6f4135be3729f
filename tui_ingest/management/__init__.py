"""Commands of manage.py, thin: options in, the engine asked, its answer printed.

commands/           one module each
sessions            what those share that run a session
known_logs          the logs that a command can be about
deadletter_actions  what `ingest_deadletters` can do
deadletter_text, explain_text, history_text, status_text, verdict_text   the words of each
django_options      Django's own options, behind an action, too
"""
