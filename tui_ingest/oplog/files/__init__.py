"""A log that is a file, and the files that rotation has made of it."""
