"""The host: the libraries, engines, queues and metrics that every interface shares. Knows nothing of HTTP or MCP."""
