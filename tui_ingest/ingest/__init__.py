"""Records to rows, by way of Django. Nothing here knows who listens or who commands.

session/       the loop: reads, applies, reports; and the orders that it takes
batches/       one transaction: rows, totals, dead letters and checkpoint
fast/          many records in a few statements
exact/         one record at a time: what a record means
deadletters/   records set aside: kept, superseded, retried, edited
history/       one row over time: its records, its dead letters, the row now
verify/        whether the rows are those of the source; verdicts: what was found
explaining/    what would be done with each model, and why
attachment/    a session that runs elsewhere, looked at and commanded from here
inspecting     a record beside the rows that it speaks of, and what a retry would do
status/        where a log stands, for those who look from outside
checkpoints    where a log stands, durably
leases         which session applies a log; sharing: which process, of several that could
orders         what sessions are told, by people and by each other
turns          who writes next, where a database takes one writer at a time
totals         records by model and by what became of them
retention      what is kept until it is old
target         the database and the settings that all of these work with
connecting     a connection that gives up on locks, and that an order to stop interrupts
receivers      of the target: those that are told of what a log writes
identity       which field identifies a row, and its value as text
policy         which models may be written, and what they refer to; model_fields: what Django
               knows of their fields
events         what a session reports, of which kinds; reasons: why a record fails
"""
