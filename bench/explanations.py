"""What the reports say besides numbers."""

INTRODUCTION = """\
# Benchmark

Written by `make bench`: a history of {metrics:,} metrics × {days} days of minutes with sensors'
resolution, and medians of requests through the server as `make run` starts it (two workers), in
turns with what they are compared with, all in one run and on one machine. Questions are asked by a
standard user, readings are sent by a technician. `BENCH_DAYS`, `BENCH_METRICS` and
`BENCH_GROWTH` (how many times the days, at the end; 3 unless given, the targets are for 10) make it
larger or smaller.

* *store* is the part below the API: the answer's numbers as arrays, from the history store.
* *chunks* is fetching the chunks or their rollups by the driver alone, and decoding what the
  question needs of them.
* *COPY* and *executemany* store the same rows as plain rows, by as many connections as there are
  clients; SQLite has one writer.
* *trivial view* is the least that Django answers, to anybody; *signed in* is the least that the API
  answers: it knows the token's user, and asks the database nothing else.
* A longer history is compared with the moment before it grew by the least time of many rounds,
  spread over half a minute, because whatever disturbs the machine only adds to a time.

{machine}
"""
PEERS_INTRODUCTION = """\
# Beside InfluxDB and VictoriaMetrics

Written by `make bench-peers`: the same {metrics:,} metrics × {days} days of minutes in the product
on PostgreSQL, in InfluxDB 1 and in VictoriaMetrics as Debian packages them, each asked through its
own HTTP API, in turns and in one run; medians. `BENCH_DAYS` asks for a longer history.

VictoriaMetrics' cache of answers is off. The readings that are timed are ten thousand a request:
JSON to the product, line protocol to the others. The size is measured once each has finished what
it does with its data in time.

{machine}
"""
INTAKE_INTRODUCTION = """\
# Readings in, by format

Written by `make bench-intake`: an ingest token of one Site sends readings that nobody has stored
yet, through the server as `make run` starts it (two workers). The formats take turns in one run on
one machine; medians. *signed in* is the least that the API answers: it knows the token's user, and
asks the database nothing else. Client, server and database share the processors; from run to run
the shares move by a tenth.

{machine}
"""
WHY_SMALL_REQUESTS_COST = """
## Where a target is missed

* A request of ten readings does more than sign in: it asks whether the token's user still sees its
  Site and may send readings, finds and locks the Metrics, writes readings and latest values, and
  waits until the disk has the commit. The two questions about the user take a fifth of it, the
  commit as much again.
"""
WHY_MISSED = """
## Where a target is missed

* Q1 to Q4 through the API: *signed in* is what a request takes that asks for nothing: the token's
  user, the framework's own way, the server's. For Q2 that alone is more than the target allows, and
  of Q4's it leaves a millisecond at most for what the user may see and for writing the answer. Q3
  writes 86,400 numbers as JSON. Q1 asks one query over five tables for a thousand rows, which takes
  PostgreSQL three milliseconds.
* The store beside its chunks: rows of the head are fetched in a statement of their own, and so
  are, for some aggregates, the readings next to the window; then rollups become buckets.
* Readings over HTTP, a thousand a request: COPY alone takes 3 to 5 ms; the same thousand also
  move a thousand latest values and lock a thousand Metrics, and each request pays its sign-in and
  commit.
* Ten thousand a request: 45 to 66 % of COPY from run to run; two writers, their two backends and
  the two clients share two processors, and both writers move the same latest values.
* A longer history on PostgreSQL lies around its limit, 0.8 to 1.3 from run to run. Executing the
  statements that fetch sealed days and rows takes the same tenth of a millisecond before and after,
  as PostgreSQL logs them; what takes the rest is not known.
* Sealing from rows: only to read and delete them, by the driver alone, takes both databases about
  twice what the target allows. How fast the rest is shows in what is imported as whole days.
  SQLite has one writer at a time: the worker rests after each block, so that others have their
  turn.
"""
WHY_BEHIND = """
## Where we are behind, and why

* Short questions (Q2, Q4) take the others a millisecond or two, and us some 5 ms before the
  history is read at all: each request is signed in, and answers only what its user may see. The
  others answer everything to everybody.
* VictoriaMetrics computes Q5, and Q3 over a week, from memory in compiled code and on all
  processors; we make the same numbers in one process, and write them as JSON from Python.
* Readings in: the others take text without asking who sends it; InfluxDB answers once its log has
  it, VictoriaMetrics before anything is on disk. We check every reading, its Metric and the sender,
  move the latest values and answer once all of it is committed in PostgreSQL.
* On disk VictoriaMetrics compresses its blocks with zstd on top of its encoding and keeps no
  rollups; our chunks have rollups besides the readings, and Q3 to Q5 need those.
"""
