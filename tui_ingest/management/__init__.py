"""Commands of manage.py, thin: options in, the engine asked, its answer printed.

commands/           one module each
sessions            what those share that run a session
targets             what those share that are about a database, and the logs in it
deadletter_actions  what `ingest_deadletters` can do
deadletter_text, explain_text, history_text, status_text, verdict_text   the words of each
"""
