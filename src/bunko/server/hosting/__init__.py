"""The host: the libraries, engines, queue and metrics that every API shares. Knows nothing of HTTP."""
