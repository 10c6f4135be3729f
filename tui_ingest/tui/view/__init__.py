"""What the screens show of a log, without Textual: tested without a terminal, kept by no widget.

log_view        one log as the console sees it; every screen is given one
all_logs        the same of many; one_of_many: each of these, and log_rows: as a line of a list
feed            from the session's thread to the screens: status, a screenful of what is new
log_window      a piece of the log for somebody who only looks
line_buffer     the lines that are kept, and those that the filter lets through
lines           records, what was left out, what happened
filtering       one language for what an operator wants to see
rates           records per second, and when the backlog will be gone
letters, log_events, inspection, fates   looked up in the database, in threads
database        those threads, also one that can be stopped
history, log_search   looked up in the log
timeline        the whole log, and what is marked on it
repairs         what is done about dead letters
places          what is typed, and what it means
farewell        what is left to do when an operator leaves
wording, formats   in words
view_memory     how somebody likes to look, kept for the next time
logs            Python's logging, into the feed
"""
