"""The engine's process: its start, its death, and the death of everybody else."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import urllib3

from bunko.engine.logs import EngineLog
from bunko.engine.parameters import embedding_parameters
from bunko.engine.process import LlamaProcess
from bunko.errors import EngineCrashed, EngineStartFailed, EngineTimeout
from bunko.models import read_gguf
from tests.engine.support import MACHINE, connect, happens_within, is_alive, make_process, make_tiny_model
from tests.tiny_gguf import make_bert_gguf

posix_only = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def test_it_starts_in_the_background_and_is_ready_when_asked(tiny_model: Path) -> None:
    with closing(make_process(tiny_model)) as process:
        began = time.monotonic()
        process.start()
        assert time.monotonic() - began < 0.5
        assert process.address().url.startswith("http://127.0.0.1:")
        assert connect(process).get_json("/health") == {"status": "ok"}
        pid = process.pid
        process.start()
        process.address()
        assert process.pid == pid


def test_only_who_has_the_key_is_served(tiny_model: Path) -> None:
    with closing(make_process(tiny_model)) as process:
        address = process.address()
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            answer = urllib3.request("POST", address.url + "/tokenize", json={"content": "a"}, headers=headers)
            assert answer.status == 401
        answer = urllib3.request(
            "POST", address.url + "/tokenize", json={"content": "a"}, headers={"Authorization": f"Bearer {address.key}"}
        )
        assert answer.status == 200


def test_the_key_is_nowhere_to_be_read(tiny_model: Path) -> None:
    with closing(make_process(tiny_model)) as process:
        address = process.address()
        assert process.pid is not None
        child = psutil.Process(process.pid)
        logs = "".join(file.read_text(errors="replace") for file in (tiny_model.parent / "logs").iterdir())
        for place in (repr(address), str(child.cmdline()), str(child.environ()), logs):
            assert address.key not in place


def test_closing_ends_it_and_may_be_repeated(tiny_model: Path) -> None:
    process = make_process(tiny_model)
    process.address()
    pid = process.pid
    process.close()
    process.close()
    assert pid is not None
    assert not is_alive(pid)
    with pytest.raises(EngineStartFailed, match="closed"):
        process.address()


def test_it_ends_with_its_object(tiny_model: Path) -> None:
    process = make_process(tiny_model)
    process.address()
    pid = process.pid
    del process
    gc.collect()
    assert pid is not None
    assert happens_within(5, lambda: not is_alive(pid))


@posix_only
def test_after_a_crash_the_next_use_starts_a_new_one(tiny_model: Path) -> None:
    with closing(make_process(tiny_model)) as process:
        connection = connect(process)
        connection.get_json("/health")
        pid = process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert happens_within(5, lambda: process.pid is None)
        assert connection.get_json("/health") == {"status": "ok"}
        assert process.pid not in (None, pid)


@posix_only
def test_a_crash_at_work_names_the_signal_and_what_comes_next(tiny_model: Path) -> None:
    with closing(make_process(tiny_model)) as process:
        process.address()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        error = process.lost("connection reset")
    assert isinstance(error, EngineCrashed)
    assert "SIGKILL" in error.message
    assert "next question starts a new one" in error.hint


@posix_only
def test_ctrl_c_is_left_to_the_parent(tiny_model: Path) -> None:
    with closing(make_process(tiny_model)) as process:
        process.address()
        pid = process.pid
        assert pid is not None
        assert os.getpgid(pid) != os.getpgid(0)
        os.kill(pid, signal.SIGINT)
        assert connect(process).get_json("/health") == {"status": "ok"}
        assert process.pid == pid


PARENT = """
    import sys, time
    from pathlib import Path
    from tests.engine.support import make_process
    process = make_process(Path(sys.argv[1]))
    {before}
    print(process.pid, flush=True)
    time.sleep(60)
"""


@posix_only
@pytest.mark.parametrize("before", ["process.address()", "process.start()"], ids=["ready", "loading"])
def test_it_does_not_outlive_a_parent_that_is_killed(tiny_model: Path, before: str) -> None:
    script = textwrap.dedent(PARENT).format(before=before)
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tiny_model)], stdout=subprocess.PIPE, cwd=root, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
        assert happens_within(2, lambda: not is_alive(pid))


def test_the_folder_that_the_user_is_in_lends_it_no_modules(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny_model.parent / "hostile"
    folder.mkdir()
    for name in ("xllamacpp", "json", "threading", "bunko"):
        (folder / f"{name}.py").write_text("import os; os.abort()")
    monkeypatch.chdir(folder)
    with closing(make_process(tiny_model)) as process:
        process.address()


@pytest.mark.parametrize(
    ("content", "said", "cure"),
    [
        (b"hello", "invalid magic", "not a GGUF file"),
        (None, "failed to open", "Check the path"),
        (b"truncated", "not within the file bounds", "truncated"),
    ],
)
def test_a_file_that_is_no_model_is_told_as_such(
    tmp_path: Path, tiny_model: Path, content: bytes | None, said: str, cure: str
) -> None:
    broken = tmp_path / "broken.gguf"
    if content == b"truncated":
        broken.write_bytes(tiny_model.read_bytes()[:-1000])
    elif content is not None:
        broken.write_bytes(content)
    with closing(make_process(tiny_model, changed={"model.path": str(broken)})) as process:
        process.start()
        with pytest.raises(EngineStartFailed, match=said) as caught:
            process.address()
    assert "broken.gguf" in caught.value.message
    assert cure in caught.value.hint


def test_a_parameter_that_the_binding_does_not_know_is_told(tiny_model: Path) -> None:
    with (
        closing(make_process(tiny_model, changed={"no_such_thing": 1})) as process,
        pytest.raises(EngineStartFailed, match="no_such_thing"),
    ):
        process.address()


@posix_only
def test_loading_has_a_time_limit(tiny_model: Path) -> None:
    endless = tiny_model.parent / "endless.gguf"
    os.mkfifo(endless)  # whoever opens it for reading waits until somebody writes
    with closing(make_process(tiny_model, start_timeout_s=0.5, changed={"model.path": str(endless)})) as process:
        process.start()
        pid = process.pid
        with pytest.raises(EngineTimeout, match=r"endless.gguf within 0.5 seconds"):
            process.address()
        assert pid is not None
        assert not is_alive(pid)


def test_a_python_that_is_not_there_is_told(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tiny_model.parent / "no-python"))
    with pytest.raises(EngineStartFailed, match="no-python"):
        make_process(tiny_model).start()


def test_a_second_parent_made_by_fork_does_not_end_it(tiny_model: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("no fork here")
    with closing(make_process(tiny_model)) as process:
        process.address()
        child = os.fork()
        if not child:
            process.close()
            os._exit(0)
        os.waitpid(child, 0)
        assert connect(process).get_json("/health") == {"status": "ok"}


def test_it_serves_embeddings_too(tmp_path: Path) -> None:
    model = make_bert_gguf(tmp_path / "bert.gguf")
    parameters = embedding_parameters(model, read_gguf(model), machine=MACHINE, threads=1)
    with closing(LlamaProcess(parameters, log_directory=tmp_path / "logs", start_timeout_s=60)) as process:
        answer = connect(process).post_json("/v1/embeddings", {"input": ["the cat sleeps", "ships carry tea"]})
    assert [len(item["embedding"]) for item in answer["data"]] == [32, 32]


def test_old_logs_are_removed(tmp_path: Path) -> None:
    directory = tmp_path / "logs"
    directory.mkdir()
    for number in range(30):
        (directory / f"engine-20260101-0000{number:02}-1.log").touch()
    (directory / "other.txt").touch()
    with closing(make_process(make_tiny_model(tmp_path))) as process:
        process.address()
    names = sorted(file.name for file in directory.iterdir())
    assert len(names) == 11
    assert names[-1] == "other.txt"
    assert names[0] == "engine-20260101-000021-1.log"


def test_a_log_is_bounded_and_its_last_lines_are_kept(tmp_path: Path) -> None:
    read, write = os.pipe()
    log = EngineLog(os.fdopen(read, "rb"), directory=tmp_path)
    with os.fdopen(write, "wb") as source:
        for number in range(30_000):
            source.write(b"line %d of a talkative engine\n" % number)
    assert log.lines()[-1] == "line 29999 of a talkative engine"
    (file,) = tmp_path.iterdir()
    assert 200_000 < file.stat().st_size <= 256 * 2**10


def test_a_log_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    read, write = os.pipe()
    log = EngineLog(os.fdopen(read, "rb"), directory=tmp_path / "file" / "logs")
    os.write(write, b"still heard\n")
    os.close(write)
    assert log.lines() == ["still heard"]
