"""Serve libraries: `bunko serve` and `bunko mcp`. Nothing here is imported before it is used.

hosting  one host for every interface: libraries, models, queues, metrics
http     the HTTP application: gate, access, errors, event streams, logs, and the process that runs it
native   the native API and the page
openai   the OpenAI-compatible API
mcp      tools for agents, over stdio and HTTP
page     the files of the page

A question passes http/gate.py, native/routes.py, hosting/host.py, hosting/inquiry.py, hosting/fair_queue.py,
hosting/jobs.py and hosting/libraries.py, and then `Library`.
"""
