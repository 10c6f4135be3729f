"""Bytes to records. Standard library and watchdog only: no Django, no screen."""
