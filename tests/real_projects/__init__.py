"""Projects that others wrote, at both ends of a log: the target must have what the source has.

harness/    settings for any of them; the source's process, which writes the log by comparing its
            tables; the target's process
projects/   a package for each: settings, models where it needs some, and a scenario: what is done
            to it through its own API
"""
