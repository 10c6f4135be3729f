"""The command `record_changes`, in commands/.

resend_actions  the first copy, and later repairs
verify_actions  the proof that a target has the rows that are here
showing         what a relay says
"""
