"""The parts of the console's screens.

rows            rows with a cursor; of thousands only those that are seen are drawn
filtered_rows   of which a filter hides some, and where that is typed
list_view       in columns, sorted by key and by click
logs_table, letters_table, events_table, found_table   such lists
models_table    records of each model; field_table: fields of a record
log_pane        the log as it is applied; lines_view: a line of it, and where it stands still
timeline_strip  the whole log in one line
history_view    one row over time
guide_page      a page of the guide, and which there are
json_area       JSON to read or to edit
top_line, status_line, key_line, bars   what is said around all that
stop_panel      the record that the session stands before; about: what is to be said of a row
throttle        how often something is drawn anew
"""
