"""Measure answers: question files, batches, figures, comparisons, reports."""
