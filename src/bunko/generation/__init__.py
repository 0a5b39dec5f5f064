"""Messages -> tokens. In: a resolved model and the settings. Out: a Generator.

chat          the client, for our own child process and for every OpenAI-compatible server
wire          request bodies and events, as the API has them
prompt_cache  how much of a prompt the engine may reuse
prompt_reuse  what the engine has read, and what of it changes no number when reused
reasoning     requests to a model that may reason first
thinking      separates reasoning from the answer in a stream of text
bounding      limits the tokens of reasoning and answer
probing       what a server supports, and its context window
counting      a careful estimate of tokens, where the server does not count them
speculation   what was measured for the model here, and whether tokens may be guessed
states        the engine's state after a prompt, kept on disk for the next process
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bunko.errors import UsageError, WrongModelKind
from bunko.settings import cache_directory

if TYPE_CHECKING:
    from bunko.engine.loading import Waiting
    from bunko.generation.chat import ChatGenerator
    from bunko.models import LocalModel, RemoteModel
    from bunko.settings import Settings


def open_generator(
    model: LocalModel | RemoteModel, settings: Settings, *, waiting: Waiting | None = None
) -> ChatGenerator:
    """Return a generator for a model that `bunko.models.resolve` has found. It is not started yet. Close it at the end.

    `waiting` is called each second while a server loads its model. Raises UsageError, WrongModelKind, ModelError.
    """
    from bunko.engine.endpoint import RemoteServer
    from bunko.engine.http import Connection, Timeouts
    from bunko.engine.parameters import Machine, chat_parameters
    from bunko.engine.process import LlamaProcess
    from bunko.engine.several import SharedConnection
    from bunko.generation.chat import ChatGenerator
    from bunko.generation.reading_speed import ReadingSpeeds
    from bunko.generation.speculation import tuning_of
    from bunko.generation.states import States
    from bunko.models import RemoteModel
    from bunko.models.gguf.adapters import adapters_for, name_with_adapters
    from bunko.models.modelfile import Modelfile
    from bunko.models.template_notes import template_notes
    from bunko.ports import GeneratorSpec

    wanted = settings.generation.adapters
    timeouts = Timeouts.of(settings.generation)
    if isinstance(model, RemoteModel):
        if wanted:
            raise UsageError(
                f"{model.name} is a server: adapters are loaded there, not here.",
                "Leave out --adapter (generation.adapters), or give a model file.",
            )
        servers = [RemoteServer(url, key=model.api_key) for url in model.urls]
        shared = SharedConnection(servers, timeouts=timeouts, waiting=waiting)
        return ChatGenerator(shared, spec=GeneratorSpec(name=model.name), model=model.model)
    if model.info is None:
        raise WrongModelKind(f"{model.name} is not a GGUF model, so it can't write.", "See `bunko models list`.")
    states = cache_directory(settings) / "states"
    file, modelfile = model.files["model"], model.modelfile or Modelfile()
    machine = Machine.here()
    parameters = chat_parameters(
        file,
        model.info,
        settings.generation,
        machine=machine,
        states=states,
        adapters=adapters_for([*map(str, modelfile.adapters), *wanted], file),
    )
    tuning = tuning_of(parameters, settings, machine=machine, size=model.info.parameters)
    process = LlamaProcess(
        tuning.parameters,
        log_directory=cache_directory(settings) / "logs",
        start_timeout_s=settings.generation.start_timeout_s,
    )
    connection = Connection(process, timeouts=timeouts)
    spec = GeneratorSpec(
        name=name_with_adapters(model.name, wanted),
        parameters=model.info.parameters,
        notes=(*template_notes(model), *modelfile.notes, *tuning.notes),
    )
    speeds = ReadingSpeeds(cache_directory(settings) / "reading_speeds.json")
    return ChatGenerator(connection, spec=spec, states=States(states), speeds=speeds, stop=modelfile.stop)
