"""Tests of indexing with a cluster."""
