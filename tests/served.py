"""A server in a thread of the tests, which is called over real sockets, with fakes in the engines' place."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn

import bunko
from bunko.server.hosting.host import Host
from bunko.server.http.access import Access
from bunko.server.http.app import build_app


@contextlib.contextmanager
def serving(host: Host, *, access: Access | None = None, config: uvicorn.Config | None = None) -> Iterator[str]:
    """Serve at any free port; give the address once all libraries are indexed."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    config = config or uvicorn.Config(
        build_app(host, access or Access()), log_config=None, lifespan="on", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        until = time.monotonic() + 60
        while not server.started or any(library.state == "indexing" for library in host.libraries.values()):
            assert time.monotonic() < until, "it does not get ready"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def announce(folder: Path, address: str, /, **changed: object) -> Path:
    """Write the file that `bunko serve` leaves in a library, for this process."""
    told = {
        "pid": os.getpid(),
        "url": address,
        "library": folder.name,
        "root": str(folder.resolve()),
        "token": "a-token-of-the-run",
        "started": time.time(),
        "version": bunko.__version__,
    }
    path = folder / ".bunko" / "serving.json"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(told | changed), encoding="utf-8")
    return path
