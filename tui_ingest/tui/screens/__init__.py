"""The console's screens.

console_screen   what full screens share: the first line, a look, pausing; dialog likewise
list_screen      what those that are one list share; filter_actions: typing what to see
main             one log; its parts: main_keys, session_actions, stop_actions, timeline_actions
navigation       from there to the others, and back
logs             all logs
look             a log at another time
dead_letters     with repair_actions: one put right, and retry_many: many
inspector        a record beside its rows; stopped_inspector: the one that the session stopped on
edit             a record put right
events           what happened besides records
history          one row over time; history_actions: the way there
search           records found in all logs
copying          a record taken along
help             keys of a screen, and the guide
discard, export, go_to, leave, look_at, order_all, take_over   ask for something
"""
