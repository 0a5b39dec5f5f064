"""Index a source with the machines of a cluster. In: a source, a store, a Ray cluster. Out: the same rows as a sync."""
