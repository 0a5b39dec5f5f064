"""Tools for agents, by the Model Context Protocol: an interface on the host, over stdio or HTTP."""
