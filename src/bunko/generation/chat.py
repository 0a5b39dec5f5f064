"""The chat client. In: messages and options. Out: pieces of text as they come.

Implements ports.Generator and ports.Engine, for our own child process and for every OpenAI-compatible server. Knows
nothing of documents, and never renders a template: the server has the model's own.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from bunko.engine.failures import bad_answer
from bunko.engine.http import Connection, EventStream
from bunko.engine.process import LlamaProcess
from bunko.engine.tuned import speculates
from bunko.errors import EngineError, RemoteBadAnswer, RemoteUnavailable
from bunko.generation.concessions import MOST_RETRIES, Concessions
from bunko.generation.counting import estimate_tokens
from bunko.generation.ending import cut_at, ending_marks, finish_reason_of, notes_on_end, tool_of
from bunko.generation.probing import ServerFacts, probe
from bunko.generation.prompt_cache import Prompt
from bunko.generation.prompt_reuse import PromptReuse, Reading
from bunko.generation.reading_speed import ReadingSpeeds
from bunko.generation.reasoning import Reasoner
from bunko.generation.states import States, state_key
from bunko.generation.wire import (
    REASONING_FIELDS,
    as_mapping,
    is_raw,
    log_probabilities_of,
    milliseconds_of,
    request_body,
    usage_of,
    wire_messages,
)
from bunko.ports import GenerationOptions, GeneratorSpec, Piece, Pieces, Request
from bunko.types import Message

_MARK = "an-old-thought"


class ChatGenerator:
    """A chat model behind /v1/chat/completions. Thread-safe."""

    def __init__(
        self,
        connection: Connection,
        *,
        spec: GeneratorSpec,
        model: str = "",
        states: States | None = None,
        speeds: ReadingSpeeds | None = None,
        stop: Sequence[str] = (),
    ) -> None:
        """Connect to nothing yet. `model` is the model's name on a server that has several.

        Each text of `stop` ends an answer, beside those of the options.
        """
        self._spec = spec
        self._connection = connection
        self._model = model
        self._facts: ServerFacts | None = None
        self._counted = Prompt()
        self._reuse = PromptReuse(connection)
        self._lock = threading.Lock()
        self._priming: threading.Thread | None = None
        self._states = states
        self._speeds = speeds
        self._stop = tuple(stop)
        self._reasoner = Reasoner(self, name=f"{spec.name} {model}")
        self._wants_thoughts: bool | None = None
        self._concessions = Concessions()
        self._observer: Callable[[Request], None] | None = None

    @property
    def spec(self) -> GeneratorSpec:
        """The model; its number of parameters on a server is known once the server has been asked, if it tells."""
        told = self._facts.parameters if self._facts else 0
        return self._spec if self._spec.parameters or not told else replace(self._spec, parameters=told)

    @property
    def placement(self) -> str:
        """Where our own engine runs the model, such as "CUDA0: 25 of 29 layers"; empty if not loaded, or remote."""
        endpoint = self._connection.endpoint
        return endpoint.placement if isinstance(endpoint, LlamaProcess) else ""

    def observe(self, observer: Callable[[Request], None] | None) -> None:
        """Call `observer` with each request of an answer before it is sent; None: no more."""
        self._observer = observer

    def start(self) -> None:
        """Start the engine if it is our own, and return at once."""
        if isinstance(self._connection.endpoint, LlamaProcess):
            self._connection.endpoint.start()

    def prime(self, messages: Sequence[Message]) -> None:
        """Have our own engine read the beginning of later prompts, and return at once. Only the first call counts.

        Answers stay the same; the first one comes sooner.
        """
        if not isinstance(self._connection.endpoint, LlamaProcess):
            return
        with self._lock:
            if self._priming or not self._reuse.is_new:
                return
            self._priming = threading.Thread(target=self._read, args=(tuple(messages),), daemon=True)
        self._priming.start()

    def _read(self, messages: tuple[Message, ...]) -> None:
        with contextlib.suppress(EngineError, OSError):  # the first request raises the same error
            tokens = self._tokens(messages)
            if self._reuse.ends_alone(len(tokens)):
                return
            process = self._connection.endpoint
            states, key = None, ""
            if (
                isinstance(process, LlamaProcess) and process.device == "cpu"
            ):  # a GPU reads the prompt faster than the file
                states, key = self._states, state_key(process.parameters, tokens)
            if not (states and states.restore(self._connection, key)):
                for _ in self.ask(messages, GenerationOptions(max_tokens=1)):
                    pass
                if states:
                    states.keep(self._connection, key)
            self._reuse.set(Prompt(messages=messages, tokens=tokens, ends=True, start=0))

    def close(self) -> None:
        """Close the connections, and stop the engine if it is our own. May be called twice."""
        self._connection.close()
        if isinstance(self._connection.endpoint, LlamaProcess):
            self._connection.endpoint.close()

    def interrupt(self) -> None:
        """Stop all running requests, from any thread: their callers get an EngineError.

        The engine stops at once, also while it reads a prompt. The next request works as usual.
        """
        self._connection.interrupt()

    def context_tokens(self) -> int:
        """Return how many tokens prompt and completion may have together. Raises EngineError.

        For a server that does not report it, this is `probing.UNKNOWN_CONTEXT`.
        """
        return self.facts().context_tokens

    def tokens_per_s(self) -> float:
        """Return how fast the model reads here, as last measured; 0 if it is not known, infinite for a server.

        A server is asked what it is, so that the question that follows is asked as its model needs it.
        """
        process = self._connection.endpoint
        if not isinstance(process, LlamaProcess):
            with contextlib.suppress(EngineError):  # the first request raises it again
                self.facts()  # `spec` has the server's word from now on
            return math.inf
        with contextlib.suppress(OSError):
            return self._speeds.of(state_key(process.parameters, ())) if self._speeds else 0.0
        return 0.0

    def count_tokens(self, messages: Sequence[Message], *, arguments: Mapping[str, object] | None = None) -> int:
        """Count the rendered prompt's tokens, template included; an upper estimate if the server can't count them.

        Raises EngineError.
        """
        return len(self._tokens(messages, arguments)) or estimate_tokens(messages)

    def _tokens(self, messages: Sequence[Message], arguments: Mapping[str, object] | None = None) -> tuple[int, ...]:
        """Return the rendered prompt's tokens; none if the server can't tokenise."""
        messages = tuple(self._without_old_thoughts(messages))
        counted = self._counted
        if not counted.is_of(messages, arguments or {}):
            prompt = self.render(messages, arguments=arguments)
            if prompt is None or not self.facts().is_llama_server:
                return ()
            body = {"content": prompt, "add_special": True, "parse_special": True}
            tokens = self._connection.post_json("/tokenize", body).get("tokens")
            if not isinstance(tokens, list):
                raise bad_answer(self._connection.endpoint, "no tokens")
            self._counted = counted = Prompt(messages=messages, arguments=arguments or {}, tokens=tuple(tokens))
        return counted.tokens

    def render(self, messages: Sequence[Message], *, arguments: Mapping[str, object] | None = None) -> str | None:
        """Return the prompt that the model's template makes of the messages; None if the server can't render it.

        `arguments` go to the template. Raises EngineError.
        """
        if is_raw(messages):
            return messages[0].content
        facts = self.facts()
        if not facts.is_llama_server:
            return None
        body: dict[str, object] = {"messages": wire_messages(self._without_old_thoughts(messages), facts)}
        if arguments:
            body["chat_template_kwargs"] = dict(arguments)
        prompt = self._connection.post_json("/apply-template", body).get("prompt")
        if not isinstance(prompt, str):
            raise bad_answer(self._connection.endpoint, "no prompt")
        return prompt

    def _without_old_thoughts(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Leave out the reasoning of earlier turns, unless the template shows it to the model."""
        if not any(message.reasoning for message in messages):
            return messages
        if self._wants_thoughts is None:
            self._wants_thoughts = True
            asked = Message(role="user", content="Why?")
            turns = [asked, Message(role="assistant", content="So.", reasoning=_MARK), asked]
            self._wants_thoughts = _MARK in (self.render(turns) or "")
        return messages if self._wants_thoughts else [replace(message, reasoning="") for message in messages]

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Yield the completion, with reasoning kept apart. Closing the iterator stops the engine's work.

        Raises PromptTooLong, EngineCrashed, EngineTimeout, RemoteUnavailable, RemoteBadAnswer.
        """
        if self._priming:
            self._priming.join()  # the engine handles one request at a time
        options = replace(options, stop=tuple(dict.fromkeys((*options.stop, *self._stop))))
        yield from self._reasoner.stream(self._without_old_thoughts(messages), options)

    def ask(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        *,
        arguments: Mapping[str, object] | None = None,
        extra: Mapping[str, object] | None = None,
        prompt: Literal["new", "continued"] = "new",
    ) -> Pieces:
        """Yield the pieces of the answer to one request, reasoning not separated.

        `arguments` go to the template, `extra` into the request. What the server refuses is left out. A
        "continued" prompt extends the last prompt and answer. Raises as `stream` does.
        """
        facts = self.facts()
        if self._observer and threading.current_thread() is not self._priming:
            self._observer(Request(messages=tuple(messages), options=options, arguments=arguments or {}))
        optional = {**({"chat_template_kwargs": dict(arguments)} if arguments else {}), **(extra or {})}
        if options.logprobs:
            optional |= {"logprobs": 1} if is_raw(messages) else {"logprobs": True, "top_logprobs": 1}
        body = {**request_body(messages, options, facts), **optional}
        reading = Reading()
        if facts.is_llama_server:
            reading = Reading(reuses=True) if prompt == "continued" else self._reading(messages, arguments)
            body["cache_prompt"] = reading.reuses
            # It then reports each batch that it reads; otherwise it checks once a second whether we are connected.
            body["return_progress"] = True
            if is_raw(messages) and facts.tag:  # control tokens are left out of the text otherwise
                body["preserved_tokens"] = [facts.tag.opening, facts.tag.closing]
        path = "/v1/completions" if is_raw(messages) else "/v1/chat/completions"
        before = self._concessions
        events = self._send(path, body)
        notes = self._concessions.notes
        if self._concessions is not before:
            notes = tuple(dict.fromkeys((*notes, self._concessions.latest)))
        stops = () if facts.is_llama_server else ending_marks(messages)
        if "stop" in self._concessions.fields:
            stops = (*stops, *options.stop)
        try:
            yield from cut_at(stops, self._pieces(events, notes, reading))
        finally:
            events.close()

    def _send(self, path: str, body: Mapping[str, object]) -> EventStream:
        """Send a request. What the server refuses, it is asked without, from then on."""
        first: RemoteBadAnswer | None = None
        for _ in range(MOST_RETRIES):
            conceded = self._concessions.body(body)
            try:
                return self._connection.stream(path, conceded)
            except RemoteBadAnswer as error:
                first = first or error
                further = self._concessions.after(error, conceded, said=error.said)
                if further is None:
                    raise first from None
                self._concessions = further
        assert first is not None
        raise first

    def facts(self) -> ServerFacts:
        """Return what the server supports; it is asked once. Raises EngineError."""
        with self._lock:
            if self._facts is None:
                self._facts = probe(self._connection, model=self._model)
            return self._facts

    def _may_use_cache(self, messages: Sequence[Message], arguments: Mapping[str, object] | None = None) -> bool:
        """Return whether the cache leaves the answer as it is, and remember the prompt for the next call."""
        return self._reading(messages, arguments).reuses

    def _reading(self, messages: Sequence[Message], arguments: Mapping[str, object] | None = None) -> Reading:
        messages, arguments = tuple(messages), arguments or {}
        if not self._counted.is_of(messages, arguments) and self._connection.endpoint.is_local:
            self.count_tokens(messages, arguments=arguments)
        counted = self._counted
        known = counted.tokens if counted.is_of(messages, arguments) else ()
        return self._reuse.begin(Prompt(messages=messages, arguments=arguments, tokens=known))

    def _guesses(self) -> bool:
        """Return whether our own engine guesses tokens: it then has no probabilities of those that were right."""
        process = self._connection.endpoint
        return isinstance(process, LlamaProcess) and speculates(process.parameters)

    def _pieces(self, events: EventStream, notes: tuple[str, ...], reading: Reading) -> Iterator[Piece]:
        finish = ""
        last = Piece()
        log_probabilities: list[float] = []
        refusal, tools, came = "", "", False
        for event in events:
            choice, delta = self._unpack(event)
            log_probabilities += log_probabilities_of(choice)
            timings = as_mapping(event.get("timings"))
            piece = Piece(
                text=self._text(delta, "content"),
                reasoning=self._text(delta, *REASONING_FIELDS),
                usage=usage_of(event) or last.usage,
                prompt_ms=milliseconds_of(timings, "prompt_ms") or last.prompt_ms,
                predicted_ms=milliseconds_of(timings, "predicted_ms") or last.predicted_ms,
            )
            last = replace(piece, text="", reasoning="")
            refusal += self._text(delta, "refusal")
            tools = tools or tool_of(delta)
            came = True
            if piece.text or piece.reasoning:
                self._reuse.note(reading)
                events.expect_within(self._connection.timeouts.token_s)
                yield piece
            finish = str(choice.get("finish_reason") or finish)
        if not (finish or events.is_done):
            raise self._broken_off(came=came)
        self._note_speed(last)
        yield replace(
            last,
            finish_reason=finish_reason_of(finish),
            log_probability=sum(log_probabilities) if log_probabilities and not self._guesses() else None,
            notes=(*notes_on_end(finish, refusal=refusal, tool=tools), *notes),
        )

    def _note_speed(self, last: Piece) -> None:
        process = self._connection.endpoint
        if self._speeds and last.usage and isinstance(process, LlamaProcess):
            tokens = last.usage.prompt_tokens - last.usage.cached_tokens
            with contextlib.suppress(OSError):  # the model's file has gone
                key = state_key(process.parameters, ())
                self._speeds.note(key, tokens=tokens, milliseconds=last.prompt_ms)

    def _unpack(self, event: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return an event's first choice and the delta in it; the event of the usage has neither."""
        choices = event.get("choices")
        if choices is None and "choices" in event:
            choices = []
        if not isinstance(choices, list):
            raise bad_answer(self._connection.endpoint, "an event without choices")
        choice = as_mapping(choices[0]) if choices else {}
        whole = as_mapping(choice.get("message"))  # a server that does not stream sends one message
        # A completion has no delta.
        return choice, as_mapping(choice.get("delta")) or whole or {"content": choice.get("text")}

    def _text(self, delta: Mapping[str, Any], *fields: str) -> str:
        for name in fields:
            value = delta.get(name)
            if isinstance(value, list) and all(isinstance(part, dict) for part in value):
                value = "".join(str(part.get("text") or "") for part in value)  # parts, as in requests
            if isinstance(value, str):
                return value
            if value is not None:
                raise bad_answer(self._connection.endpoint, f"a {type(value).__name__} where its text should be")
        return ""

    def _broken_off(self, *, came: bool) -> EngineError:
        endpoint = self._connection.endpoint
        if endpoint.is_local:
            return endpoint.lost("it broke off in the middle of its answer")
        when = "in the middle of its answer" if came else "before its answer began"
        return RemoteUnavailable(
            f"The server {endpoint.name} closed the connection {when}.", "Ask again; see the server's own log."
        )
