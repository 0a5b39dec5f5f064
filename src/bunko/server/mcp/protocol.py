"""The MCP server. In: calls of an agent. Out: the host's results, with text and structured content.

Over stdio, nothing but the protocol may reach stdout. The SDK redirects the process's stdout to stderr meanwhile, so
that a library that prints does no harm. Knows nothing of models and folders.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import AsyncIterator

import anyio
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

import bunko
from bunko.contract.serialise import error_json
from bunko.errors import BunkoError
from bunko.server.hosting.host import Host
from bunko.server.hosting.jobs import leave_if_busy
from bunko.server.mcp.calls import call
from bunko.server.mcp.progress import Downloads, Reporter
from bunko.server.mcp.text import text_of
from bunko.server.mcp.tools import INSTRUCTIONS, TOOLS

# Nothing but the index is written, the same call has the same effect, and nothing beyond the folder is reached.
_READ_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def build_server(host: Host, *, downloads: Downloads) -> Server[Host]:
    """Return the server of the one library that a host serves. It starts and closes the host."""
    (library,) = host.libraries.values()

    @contextlib.asynccontextmanager
    async def lifespan(server: Server[Host]) -> AsyncIterator[Host]:
        host.start()
        try:
            yield host
        finally:
            host.close()

    async def call_tool(
        context: ServerRequestContext[Host], request: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Call a tool. An error is a result that the agent can read, with its cure."""
        if request.name not in TOOLS:
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {request.name!r}. Tools: {', '.join(TOOLS)}.")

        async def send(share: float, what: str) -> None:
            await context.session.report_progress(share, 1.0, what)

        reporter = Reporter(send)
        try:
            given = TOOLS[request.name].check(request.arguments or {})
            async with reporter.following(lambda: downloads.progress, lambda: library.progress):
                result = await call(host, library.name, given, reporter)
        except BunkoError as error:
            message = types.TextContent(type="text", text=str(error))
            return types.CallToolResult(content=[message], structured_content=error_json(error), is_error=True)
        text = types.TextContent(type="text", text=text_of(request.name, result))
        return types.CallToolResult(content=[text], structured_content=result)

    return Server(
        "bunko",
        version=bunko.__version__,
        title=f"Bunko: {library.title}",
        description="Search and ask a folder of documents, with citations.",
        instructions=f"The folder is called {library.title!r}. {INSTRUCTIONS}",
        lifespan=lifespan,
        get_tool_input_schema=lambda name: TOOLS[name].input if name in TOOLS else None,
        on_list_tools=_list_tools,
        on_call_tool=call_tool,
    )


def run_stdio(server: Server[Host], host: Host) -> None:
    """Serve the process that started this one, until it closes the pipe or a signal comes."""

    async def run() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(_exit_at_signal, host)
            async with stdio_server() as (incoming, outgoing):
                await server.run(incoming, outgoing, server.create_initialization_options())
            group.cancel_scope.cancel()

    anyio.run(run)
    leave_if_busy()


async def _exit_at_signal(host: Host) -> None:
    """Close the host and end the process: the thread that waits for stdin can't be interrupted."""
    with (
        contextlib.suppress(NotImplementedError),  # Windows
        anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals,
    ):
        async for number in signals:
            host.close()
            os._exit(128 + number)


async def _list_tools(
    context: ServerRequestContext[Host], page: types.PaginatedRequestParams | None
) -> types.ListToolsResult:
    tools = [
        types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.input,
            output_schema=tool.output,
            annotations=_READ_ONLY,
        )
        for tool in TOOLS.values()
    ]
    return types.ListToolsResult(tools=tools)
