"""Databases that cannot be used now, whoever uses them: source or target.

faults    what kind of trouble a database reports
waits     how long a page waits for somebody else's lock
outages   the page for when the database cannot be asked
"""
