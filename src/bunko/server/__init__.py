"""Bunko for other programs: over HTTP, as a page, and for agents (MCP)."""
