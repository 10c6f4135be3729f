"""A log that is a file, and the files that rotation has made of it.

From the names of files up to a log that can be read:

- `naming`, `listing`: which files belong to it, what their names say
- `archives`, `content`: the bytes of one file, packed or not, open or not
- `generations`, `ordering`, `snapshots`, `discovery`: all of them at one moment, oldest first
- `lines`, `positions`: the lines of one file, and places in it that are found again
- `chain`, `late`: where the reader is, what comes, and what it left
- `notices`: what an operator is told
- `reading`: the log; `seeking`, `searching`: places in it; `watching`: when it changes
"""
