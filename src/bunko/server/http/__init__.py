"""The HTTP application: access, body limits, errors, event streams, logs."""
