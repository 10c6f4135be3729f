"""Apply the operation log of one Django project to another.

recorder/     the source's side: what changes there becomes a log
oplog/        bytes of a log to records; streams/: a log that is a stream of messages
opening       the logs that are named, of whatever kind
ingest/       records to rows
digests/      the same rows, the same sum; encoding: their values as JSON
databases/    when one cannot be used now
headless/     for a pipe, a service or a terminal: what a session reports, in lines
tui/          the console; admin/, views, urls: a browser; management/: commands of manage.py
cli           the command `tui-ingest`; completion: its options, in a shell
running/      from options to a session
words/        words that all of these share; troubles: when one that lasts is said again
errors, flag  what is raised on purpose; an event that signal handlers may set
demo/         an embedded project, to try it
"""

__version__ = "0.1.0"
