"""Apply the operation log of one Django project to another."""

__version__ = "0.1.0"
