"""The command `record_changes`, in commands/.

orders   the first copy and later repairs, and the proof that a target has the rows that are here
showing  what a relay says
"""
