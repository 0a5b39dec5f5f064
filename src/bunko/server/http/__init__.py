"""The HTTP application: access, errors, event streams, logs."""
