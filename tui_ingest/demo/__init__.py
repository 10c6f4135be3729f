"""An embedded Django project, so that a log can be watched without having a project at hand.

polls/           its models
settings         of the project that a log is applied to; database: its file, made when needed
traffic          live traffic for `--demo`, from a process of its own
source           that process; source_settings: its project, the same polls with the recorder
story, troubles  what happens there, and what goes wrong
"""
