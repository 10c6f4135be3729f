"""One of everything that Django can serialize."""
