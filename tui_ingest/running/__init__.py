"""From what an operator asks for to a session that runs, and back to an exit status.

options         what can be asked for
bootstrap       the project is found, set up, and found fit (verification)
starting        the session that the options ask for, the interpreter made ready for it, and the
                signals by which the system asks it to end
attaching       what runs behind a console: a session here, or a look at one elsewhere
exit_status     how the process tells what became of it, and why it could not begin
"""
