"""The console's screens.

console_screen   what full screens share: the first line, a look, pausing; dialog likewise
main             with session_actions, stop_actions, navigation and main_keys, its parts
inspector, dead_letters, events, edit, help
look             the log at another time
discard, export, go_to, look_at   ask for something
"""
