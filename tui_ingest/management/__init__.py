"""Commands of manage.py, thin: options in, the engine asked, its answer printed.

commands/  one module each: its options, and the words of its answer
targets    what those share that are about a database, and the logs in it
"""
