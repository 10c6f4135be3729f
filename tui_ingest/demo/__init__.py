"""An embedded Django project, so that a log can be watched without having a project at hand.

polls/    its models
settings  of the project that a log is applied to; database: its file, made when needed
traffic   live traffic for `--demo`, from a process of its own; source_settings: of its project,
          the same polls with the recorder
story     what happens there, and what goes wrong
"""
