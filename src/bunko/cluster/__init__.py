"""Index documents with the machines of a Ray cluster. In: a source, a store. Out: the same rows as one machine's sync.

    list -> plan -> [read -> chunk -> embed -> fragments] on the nodes -> commit -> publish -> indexes

driver     the whole run, from the listing to the published index: start here
plan       what is new, has changed or is gone
steps      what the driver does in turn: remove, send work out and commit it, build indexes; what it reports
shares     how the work is cut into tasks
work       what a task does on a node, with the functions of bunko.indexing
fragments  commits of what the tasks wrote, and indexes that the nodes build
nodes      the connection to Ray: which tasks run, and what is sent again after a node has died
progress   the rate, the time to go, and where they are shown
status     what `bunko cluster status` prints

Nothing here is imported by other commands; `ray` and `lance` are in the extra `bunko[cluster]`.
"""
