"""Bunko as a server of the Model Context Protocol. In: calls of an agent. Out: what the desk finds, with its schema.

Over stdio nothing but the protocol may reach stdout: while it is served there, the SDK turns the process's own stdout
into stderr, so that even a stray print of a library does no harm. Knows nothing of models and folders.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import anyio
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

import bunko
from bunko.askable import Call, askable_in_mcp
from bunko.contract.serialise import Json, error_json
from bunko.errors import BunkoError, UsageError
from bunko.server.mcp.desk import Desk, Tell
from bunko.server.mcp.text import text_of
from bunko.server.mcp.tools import INSTRUCTIONS, LIST_USUALLY, READ_MOST, READ_USUALLY, TOOLS, Tool

# Nothing is changed but the index; the same call gives the same; nothing beyond the folder is reached.
_READ_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_CHECKS = {name: Draft202012Validator(tool.takes) for name, tool in TOOLS.items()}


def build_server(desk: Desk, *, name: str) -> Server[Desk]:
    """Return the server of one folder, which opens the desk when it starts. `name` is the folder's."""

    @contextlib.asynccontextmanager
    async def lifespan(server: Server[Desk]) -> AsyncIterator[Desk]:
        async with desk:
            yield desk

    return Server(
        "bunko",
        version=bunko.__version__,
        title=f"Bunko: {name}",
        description="Search and ask a folder of documents, with citations.",
        instructions=f"The folder is called {name!r}. {INSTRUCTIONS}",
        lifespan=lifespan,
        get_tool_input_schema=lambda tool: TOOLS[tool].takes if tool in TOOLS else None,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
    )


def run_stdio(server: Server[Desk], desk: Desk) -> None:
    """Serve the process that started this one, until it closes the pipe, or a signal comes."""

    async def run() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(_leave_at_signal, desk)
            async with stdio_server() as (incoming, outgoing):
                await server.run(incoming, outgoing, server.create_initialization_options())
            group.cancel_scope.cancel()

    anyio.run(run)


async def _leave_at_signal(desk: Desk) -> None:
    """Stop the engines and end the process: a thread waits for stdin meanwhile, and can't be told not to."""
    with (
        contextlib.suppress(NotImplementedError),  # Windows
        anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals,
    ):
        async for number in signals:
            await desk.close()
            os._exit(128 + number)


async def _list_tools(
    context: ServerRequestContext[Desk], page: types.PaginatedRequestParams | None
) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS.values()])


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes,
        output_schema=tool.gives,
        annotations=_READ_ONLY,
    )


async def _call_tool(context: ServerRequestContext[Desk], call: types.CallToolRequestParams) -> types.CallToolResult:
    """Call a tool. What goes wrong at work is a result that the agent can read, with what to do about it."""
    if call.name not in TOOLS:
        raise MCPError(types.INVALID_PARAMS, f"There is no tool {call.name!r}. There are: {', '.join(TOOLS)}.")
    try:
        given = _checked(call.name, call.arguments or {})
        result = await _result(call.name, given, context.lifespan_context, _teller(context))
    except BunkoError as error:
        said = types.TextContent(type="text", text=str(error))
        return types.CallToolResult(content=[said], structured_content=error_json(error), is_error=True)
    text = types.TextContent(type="text", text=text_of(call.name, result))
    return types.CallToolResult(content=[text], structured_content=result)


def _checked(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments. Raises UsageError for those that the tool does not take."""
    if wrong := best_match(_CHECKS[name].iter_errors(given)):
        where = ".".join(map(str, wrong.absolute_path))
        told = f"{where}: {wrong.message}" if where else wrong.message
        takes = ", ".join(f"{key}" for key in TOOLS[name].takes["properties"])
        raise UsageError(f"{name} can't be called like this: {told[:300]}.", f"It takes: {takes}.")
    return given


async def _result(name: str, given: dict[str, Any], desk: Desk, tell: Tell) -> Json:
    match name:
        case "search":
            return await desk.search(given["query"], overrides=_overrides(name, given), tell=tell)
        case "ask":
            return await desk.ask(given["question"], overrides=_overrides(name, given), tell=tell)
        case "read":
            start = given.get("start", 0)
            end = min(given.get("end", start + READ_USUALLY), start + READ_MOST)
            return await desk.read(given["path"], start=start, end=end, tell=tell)
        case _:
            page = {"offset": given.get("offset", 0), "limit": given.get("limit", LIST_USUALLY)}
            chosen = {key: given[key] for key in ("query", "state") if key in given}
            return await desk.list_documents(**chosen, **page, tell=tell)


def _overrides(tool: Call, given: dict[str, Any]) -> dict[str, object]:
    """Return the settings that the arguments of a call set, by their dotted names."""
    return {each.setting: given[each.field] for each in askable_in_mcp(tool) if each.field in given}


def _teller(context: ServerRequestContext[Desk]) -> Tell:
    """Return what tells the client how far a call is, if it asked to be told."""

    async def tell(share: float, what: str) -> None:
        await context.session.report_progress(share, 1.0, what)

    return tell
