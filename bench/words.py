"""What the reports say besides numbers."""

INTRODUCTION = """\
# Benchmark

Written by `make bench`: a history of {metrics:,} metrics × {days} days of minutes with sensors'
resolution, and medians of requests through the server as `make run` starts it (two workers), in
turns with what they are compared with, all in one run and on one machine. Questions are asked by a
standard user, readings are brought by a technician. `BENCH_DAYS`, `BENCH_METRICS` and
`BENCH_GROWTH` (how many times the days, at the end; 3 unless given, the targets are for 10) make it
larger or smaller.

* *store* is what the API asks of the code below it: the answer's numbers as arrays.
* *packs* is fetching the sealed days or their quarter hours by the driver alone, and decoding them.
* *COPY* and *executemany* store the same rows as plain rows, by as many connections as there are
  clients; SQLite has one writer.

{machine}
"""
PEERS_INTRODUCTION = """\
# Beside InfluxDB and VictoriaMetrics

Written by `make bench-peers`: the same {metrics:,} metrics × {days} days of minutes in the product
on PostgreSQL, in InfluxDB 1 and in VictoriaMetrics as Debian packages them, each asked through its
own HTTP API, in turns and in one run; medians. `BENCH_DAYS` asks for a longer history.

VictoriaMetrics' cache of answers is off. The readings that are timed are ten thousand a request:
JSON to the product, line protocol to the others. The size is measured once what each makes of its
data in time is done.

{machine}
"""
WHY_MISSED = """
## Where a target is missed

* Q1 to Q4: an answer takes some 10 ms of Python whatever is asked: the sign-in by token, finding
  out what the user sees, the framework's own way, and the hop into an event loop and back that the
  middleware for static files makes of each request. The store's part is a few milliseconds.
* The store beside its packs: beyond fetching and decoding it asks for rows that are not sealed yet
  and for the readings next to the window, and makes buckets of the quarter hours.
* Q5 makes some 1.4 million numbers ready for JSON, which is also what it needs the memory for.
* Readings over HTTP: ten thousand take a processor about 30 ms for JSON and for who may write, and
  PostgreSQL as long as COPY does; COPY alone has both processors to itself. A request of a thousand
  pays the same 10 ms as an answer.
* Sealing from rows: most of it is the database reading and deleting the rows one by one; what is
  brought as whole days shows how fast the rest is. SQLite has one writer at a time: while a block
  of rows is sealed, others wait.
"""
WHY_BEHIND = """
## Where we are behind, and why

* Short questions (Q1, Q2, Q4) take the others a millisecond or two, and us some 10 ms before the
  history is asked at all: each request is signed in, and answers only what its user may see. The
  others answer everybody everything.
* VictoriaMetrics computes Q3 and Q5 from memory in compiled code and on all processors; we make the
  same numbers in one process, and write them as JSON from Python.
* Readings in: the others take text without asking who sends it; InfluxDB answers once its log has
  it, VictoriaMetrics before anything is on disk. We check every reading, its Metric and the sender,
  move the latest values and answer once all of it is committed in PostgreSQL.
* On disk VictoriaMetrics compresses its blocks with zstd on top of its encoding and keeps no
  summaries; our days hold quarter hours besides the readings, which is what Q3 to Q5 live on.
"""
