"""From what an operator asks for to a session that runs, and back to an exit status.

options         what can be asked for
named_logs      which logs are meant, by name or by pattern
bootstrap       the project is found (discovery), set up, and found fit (verification)
starting        the session that the options ask for, and the interpreter made ready for it
attaching       what runs behind a console: a session here, or a look at one elsewhere
signals         the system asks it to end
exit_status     how the process tells what became of it; errors: why it could not begin
"""
