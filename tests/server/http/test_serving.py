"""`bunko serve` as a process of its own: signals, children, clients that go away, the file by which it is found."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.conftest import Cli
from tests.engine.support import make_tiny_model
from tests.server.support import Running, events_of, program
from tests.started import Program
from tests.support import (
    CATS,
    KYOTO,
    SHIPS,
    command,
    environment,
    make_library,
    run_program,
    without_privileges,
    write_files,
)

LONG = {"question": "Write a very long story about a mill, a river and a cat.", "max_tokens": 2000, "stream": True}


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return write_files(tmp_path / "docs", {"cats.txt": CATS, "kyoto.txt": KYOTO})


def engines_of(running: Running) -> list[psutil.Process]:
    """Return the processes that the server has started."""
    found: list[psutil.Process] = psutil.Process(running.process.pid).children(recursive=True)
    return found


def address_of(running: Running) -> tuple[str, int]:
    """Return host and port."""
    parts = urlsplit(running.url)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port


def cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def cpu_after(process: psutil.Process) -> float:
    """Return the seconds that a process goes on computing, once it has come to rest.

    Its own time, not the clock's: on a machine with other work, a batch takes as long as it takes.
    """
    before = last = cpu_of(process)
    still = 0
    while still < 10:
        time.sleep(0.1)
        now = cpu_of(process)
        still, last = (still + 1 if now - last < 0.005 else 0), now
    return last - before


def test_it_is_found_by_a_file_that_only_its_user_can_read(docs: Path) -> None:
    with program(docs) as running:
        file = docs / ".bunko" / "serving.json"
        announced = json.loads(file.read_text())
        assert (announced["pid"], announced["url"], announced["library"]) == (running.process.pid, running.url, "docs")
        if os.name != "nt":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0
        assert not file.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_though_an_answer_is_written(docs: Path, number: signal.Signals) -> None:
    with program(docs, env={"TEST_ANSWER_SECONDS": "60"}) as running, running.client() as client:
        heard: list[Any] = []

        def ask() -> None:
            heard.append(client.post("/api/libraries/docs/ask", json={"question": "Where does the cat sleep?"}))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        assert running.process.stderr is not None
        assert running.process.stderr.readline() == b"answering\n"
        running.process.send_signal(number)
        begin = time.monotonic()
        assert running.process.wait(20) == 0
        assert time.monotonic() - begin < 6  # one second for last words, and a slow machine
        assert b"Traceback" not in (running.process.stderr.read() if running.process.stderr else b"")


def test_two_libraries_at_once_under_their_names(tmp_path: Path) -> None:
    one = write_files(tmp_path / "a" / "docs", {"cats.txt": CATS})
    two = write_files(tmp_path / "b" / "docs", {"ships.txt": SHIPS})
    with program(one, two) as running, running.client() as client:
        names = [row["name"] for row in client.get("/api/libraries").json()["libraries"]]
        assert names == ["docs", "docs-2"]
        answer = client.post(
            "/api/libraries/docs-2/ask", json={"question": "When did the harbour of Kobe open?"}
        ).json()
        assert [item["path"] for item in answer["citations"]] == ["ships.txt"]


def test_beyond_this_machine_a_token_is_made_and_asked_for(docs: Path) -> None:
    with program(docs, flags=["--host", "0.0.0.0"]) as running:
        assert len(running.token) >= 32
        with httpx.Client(base_url=running.url, trust_env=False) as stranger:
            assert stranger.get("/api/libraries").status_code == 401
            assert stranger.get("/health").status_code == 200
        with running.client() as client:
            assert client.get("/api/libraries").status_code == 200
            assert client.get("/api/libraries", headers={"host": "evil.example"}).status_code == 403


def test_a_path_leads_nowhere_else(docs: Path) -> None:
    (docs.parent / "secret.txt").write_text("secret")
    with program(docs) as running:
        place = address_of(running)
        for target in (
            "/api/libraries/docs/text?path=../secret.txt",
            "/api/libraries/docs/text?path=%2e%2e%2fsecret.txt",
            "/api/libraries/docs/text?path=/etc/passwd",
            "/api/libraries/docs/../../secret.txt",
            "/api/libraries/..%2f..%2fetc/text?path=passwd",
            "/page/../../../../etc/passwd",
            "/page/..%2f..%2f..%2fetc%2fpasswd",
            "/../../etc/passwd",
            "//etc/passwd",
            "http://169.254.169.254/latest/meta-data",
        ):
            with socket.create_connection(place, 10) as raw:
                raw.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                answer = b""
                while data := raw.recv(65536):
                    answer += data
            status = int(answer.split(b" ", 2)[1])
            assert status in (400, 403, 404, 422), (target, answer)
            assert b"secret" not in answer.partition(b"\r\n\r\n")[2].replace(b"secret.txt", b"")
            assert b"root:" not in answer


def test_odd_requests_do_no_harm(docs: Path) -> None:
    with program(docs) as running, running.client() as client:
        place = address_of(running)
        for head in (
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET /api/libraries HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0",
            b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\x00" * 1000,
        ):
            with socket.create_connection(place, 10) as raw:
                raw.sendall(head)
                raw.settimeout(1)
                try:
                    answer = raw.recv(65536)
                except (TimeoutError, ConnectionError):
                    answer = b""
            assert not answer.startswith(b"HTTP/1.1 200"), head[:100]
        assert client.get("/health").status_code == 200


def test_logs_hold_names_and_numbers_but_no_contents_and_no_tokens(docs: Path) -> None:
    process = Program(
        command("serve", docs, "--port", "0", "--json", "--log", "json", "--token", "a-very-secret-token"),
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    announced = json.loads(process.stdout.readline())
    running = Running(process=process, url=announced["url"], token=announced["token"])
    with running.client() as client:
        until = time.monotonic() + 60
        while not client.get("/ready").json()["ready"]:
            assert time.monotonic() < until
        client.post("/api/libraries/docs/ask", json={"question": "Where does the zebra sleep?"})
        client.get("/api/libraries/docs/text", params={"path": "zebra\n{fake}.txt"})
        client.get("/zebra?token=a-very-secret-token")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    lines = [json.loads(line) for line in err.decode().splitlines() if line.startswith("{")]
    assert {"request", "answer"} <= {line["event"] for line in lines}
    assert any(line.get("route") == "/api/libraries/{library}/ask" for line in lines)
    assert b"zebra" not in err
    assert b"secret" not in err


def test_what_can_not_be_served_is_told_in_a_sentence(docs: Path, cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run_program("serve", docs, "--port", port).assert_clear(2, "Can't listen", "--port 0")
    cli("serve", str(docs), "--port", "70000").assert_clear(2)
    cli("serve", str(docs / "nowhere"), "--port", "0").assert_clear(1, "no folder or file")
    cli("serve", str(docs), "--port", "0", "--tls-cert", "nowhere.pem").assert_clear(2)
    cli("serve", str(docs), "--port", "0", "--token", "short").assert_clear(2, "characters")


# --- with the real engine -----------------------------------------------------------------------------------------


@pytest.mark.models
def test_a_client_that_goes_away_stops_the_engine_at_once(docs: Path) -> None:
    with program(docs, fake=False) as running, running.client() as client:
        client.post("/api/ask", json={"question": "Hello", "max_tokens": 5}).raise_for_status()
        engine = max(engines_of(running), key=lambda process: process.memory_info().rss)

        with client.stream("POST", "/api/ask", json=LONG) as response:  # while it writes
            for line in response.iter_lines():
                if line == "event: text":
                    break
        assert cpu_after(engine) < 5  # the story would take some forty seconds of two threads

        long = "The mill stands by the river. " * 250  # while it reads
        place = address_of(running)
        body = json.dumps({"question": long, "stream": False}).encode()
        with socket.create_connection(place) as raw:
            head = "POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            raw.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            before, until = cpu_of(engine), time.monotonic() + 60
            while cpu_of(engine) - before < 0.3:
                assert time.monotonic() < until
                time.sleep(0.01)
        assert cpu_after(engine) < 5  # and the prompt some twenty
        left = [line for line in client.get("/metrics").text.splitlines() if 'outcome="left"' in line]
        assert left[0].endswith(" 2.0")

        again = client.post("/api/libraries/docs/ask", json={"question": "Where does the cat sleep?"})
        assert again.json()["citations"]


@pytest.mark.models
def test_a_killed_engine_is_told_of_and_the_next_question_starts_another(docs: Path) -> None:
    with program(docs, fake=False) as running, running.client() as client:
        client.post("/api/ask", json={"question": "Hello", "max_tokens": 5}).raise_for_status()
        engine = max(engines_of(running), key=lambda process: process.memory_info().rss)
        with client.stream("POST", "/api/ask", json=LONG) as response:
            killed, text = False, ""
            for line in response.iter_lines():
                text += line + "\n"
                if line == "event: text" and not killed:
                    engine.kill()
                    killed = True
        name, value = events_of(text)[-1]
        assert (name, value["error"]["type"]) == ("error", "EngineCrashed")
        question = {"question": "Where does the cat sleep?", "answers": "kept"}
        again = client.post("/api/libraries/docs/ask", json=question)
        assert again.json()["citations"], again.text
        kept = client.post("/api/libraries/docs/ask", json=question).json()
        assert kept["remembered"]
        assert kept["answer"] == again.json()["answer"]


@pytest.mark.models
def test_no_engine_is_left_behind(docs: Path, tmp_path: Path) -> None:
    flags = ("--model", str(make_tiny_model(tmp_path, context=8192)))
    for number in (signal.SIGTERM, signal.SIGKILL):
        with program(docs, fake=False, flags=flags) as running, running.client() as client:
            client.post("/api/ask", json={"question": "Hello", "max_tokens": 5}).raise_for_status()
            engines = engines_of(running)
            assert engines
            running.process.send_signal(number)
            running.process.wait(20)
            _, alive = psutil.wait_procs(engines, timeout=5)
            assert not alive


def test_a_folder_that_may_not_be_written_to_is_served_from_its_index(tmp_path: Path) -> None:
    root = write_files(tmp_path / "library", {"cats.txt": CATS})
    make_library(root).sync()
    subprocess.run(["chmod", "-R", "a-w", root], check=True)
    try:
        with program(root, prefix=without_privileges()) as running, running.client() as client:
            (library,) = client.get("/api/libraries").json()["libraries"]
            asked = client.post("/api/libraries/library/ask", json={"question": "Where does the cat sleep?"})
            completed = client.post(
                "/v1/chat/completions",
                json={"model": "library", "messages": [{"role": "user", "content": "Where does the cat sleep?"}]},
            )
    finally:
        subprocess.run(["chmod", "-R", "u+w", root], check=True)
    assert library["documents"] == 1, library
    assert asked.json()["evidence"], asked.text
    assert completed.status_code == 200, completed.text
    assert asked.json()["answer"] == completed.json()["choices"][0]["message"]["content"]
