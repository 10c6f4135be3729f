"""Everything that is the same for all projects; it knows nothing of the project's own recorder."""
