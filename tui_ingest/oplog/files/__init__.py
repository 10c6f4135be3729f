"""A log that is a file, and the files that rotation has made of it.

From the names of files up to a log that can be read:

- `naming`, `compression`, `listing`: which files belong to it, what their names say
- `content`, `descriptors`, `archives`: the bytes of one file, open or not, packed or not
- `generations`, `ordering`, `snapshots`, `discovery`: all of them at one moment, oldest first
- `lines`, `positions`: the lines of one file, and places in it that are found again
- `finding`, `late`, `holding`, `chain`: where the reader is, what it left, what comes
- `notices`, `passed_over`: what an operator is told
- `reading`: the log; `seeking`, `rereading`, `searching`: places in it; `watching`: when it changes
"""
