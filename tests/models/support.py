"""Shared by the tests of models: tiny GGUF files, and a web server on loopback that can misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import gguf
import numpy as np

CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"


def write_gguf(
    path: Path,
    *,
    architecture: str = "llama",
    chat_template: str = CHATML,
    pooling: int | None = None,
    vocabulary: int = 100,
    heads_kv: int | list[int] = 2,
    sliding_window: int | None = None,
    split_count: int = 1,
) -> Path:
    """Write a complete GGUF file that is far too small to run: 4 layers, 8 heads, 64 wide."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("Tiny")
    writer.add_license("mit")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_context_length(512)
    writer.add_embedding_length(64)
    writer.add_block_count(4)
    writer.add_head_count(8)
    writer.add_head_count_kv(heads_kv)
    writer.add_token_list([f"token{number}" for number in range(vocabulary)])
    writer.add_token_scores([0.0] * vocabulary)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    if chat_template:
        writer.add_chat_template(chat_template)
    if pooling is not None:
        writer.add_pooling_type(gguf.PoolingType(pooling))
    if sliding_window:
        writer.add_sliding_window(sliding_window)
    if split_count > 1:
        writer.add_uint16("split.count", split_count)
    writer.add_tensor("token_embd.weight", np.zeros((vocabulary, 64), dtype=np.float16))
    writer.add_tensor("output_norm.weight", np.ones(64, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@dataclass(kw_only=True)
class FakeServer:
    """A file server; set its fields to make it misbehave."""

    content: bytes = b""
    etag: str = '"1"'
    ranges: bool = True
    cut_after: int = 0
    """Close the connection after this many bytes, once."""
    fail_times: int = 0
    """Answer 503 to this many requests first."""
    status: int = 200
    redirect: str = ""
    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    """The headers of each request, and its path under "path"."""


@contextmanager
def serving(**settings: Any) -> Iterator[FakeServer]:
    """Run a FakeServer on a free port."""
    fake = FakeServer(**settings)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.requests.append({**{name.title(): value for name, value in self.headers.items()}, "path": self.path})
            if fake.fail_times:
                fake.fail_times -= 1
                self._answer(503)
            elif fake.redirect:
                self._answer(302, Location=fake.redirect)
            elif fake.status != 200:
                self._answer(fake.status)
            else:
                self._send_content()

        def _send_content(self) -> None:
            start = 0
            wanted = self.headers.get("Range", "")
            if fake.ranges and wanted and self.headers.get("If-Range", fake.etag) == fake.etag:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(fake.content) > 0:
                self._answer(416, b"", **{"Content-Range": f"bytes */{len(fake.content)}"})
                return
            headers = {"Content-Length": str(len(fake.content) - start), "ETag": fake.etag}
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(fake.content) - 1}/{len(fake.content)}"
            body = fake.content[start:]
            if fake.cut_after:
                body, fake.cut_after = body[: fake.cut_after], 0
            self._answer(206 if start else 200, body, **headers)

        def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # the client stops when it has seen enough
                self.wfile.write(body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
