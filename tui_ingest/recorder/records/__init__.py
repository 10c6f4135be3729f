"""Records: what was noted, or a whole table, as lines that can be applied one by one.

rows           what a trigger noted of them, and how they are, in Django's serialized form
ordering       what comes first, and what only together
looking_ahead  what the rows of a round refer to, though it was noted later
resending      the first copy, and every later repair
verifying      what the rows of a model add up to, for the target to compare
rounds         one round: all of this, from what is pending, in one state of the database
"""
