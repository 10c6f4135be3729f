"""Words that command line, admin, reports and console share.

terminal_safe   what came out of a log, made fit for a terminal
numbers         counts, sizes and durations for people
record_text     a line of the log to be read and edited, and back to its bytes
"""
