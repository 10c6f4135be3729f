"""What several test modules need: lines of a log, and a session at work."""
