"""How two databases are compared without one seeing the other: the same rows, the same sum.

Shared by both ends: the source writes a DIGEST, the target works out its own and compares.

fields      what of a model is compared: what identifies a row, its columns, its links
canonical   a value as JSON that is the same whatever database it came from
reading     the rows of a table, each as a number of 128 bits, in bounded memory
lines       what a DIGEST in a log says
"""
