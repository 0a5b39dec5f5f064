"""The llama.cpp engine: a supervised child process, and the HTTP connection to it or to a remote server.

    parameters   model + settings + machine -> the engine's parameters (pure)
    child        what runs in the child process
    process      starts, watches, restarts and stops the child
    endpoint     where requests go: the child, or a remote server
    several      several remote servers of one model, and the retry before the first token
    http         requests and event streams, every failure mapped to an EngineError

Nothing is imported here: import from the modules.
"""
