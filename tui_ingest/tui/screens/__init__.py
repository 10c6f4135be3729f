"""The console's screens.

console_screen   what full screens share: the first line, a look, help, asking
list_screen      lists: sorted, filtered as it is typed; the screens that are one list
main             one log, and its keys; with session_actions, and stop_actions at a bad record
navigation       from there to the others, also along the timeline
logs             all logs
look             a log at another time
dead_letters     with repair_actions: one put right, or many
inspector        a record beside its rows
edit             a record put right
events           what happened besides records
history          one row over time, and the way there
search           records found in all logs
copying          records taken along
help             keys of a screen, and the guide
dialogs          ask for something; go_to: for a place of the log
"""
