"""A log that is a stream of NATS JetStream: the only place that knows of NATS.

One subject of a stream carries what one site wrote. A message is a run of its lines, with the
place of these lines in the site's own log, so that a hole or a repetition is seen by whoever reads.

addresses   `nats://host:4222/STREAM/subject`, and what is needed to be let in
messages    what a message carries: lines with their places, as bytes and headers
progress    what was taken of a site, and whether a message joins it
client      one client of a broker, its asyncio in a thread of its own
broker      what of JetStream is needed, in plain calls; which logs there are in a stream
feed        messages in their order, fetched ahead, their parts put together
upkeep      what a stream must be so that nothing acknowledged is lost; made, checked, trimmed
positions   whether it is still the stream that a position is of; those within a batch
reading     the stream as a `Log`, for an ingester
looking_up  places that an operator names, lines once more, all that is there of something
publishing  appending to it, each time after what is known to be its end
forwarding  from a file that others write to a stream
sink        lines that their writer appends himself
cli         the command `tui-ingest-stream`
"""
