"""Hosts as network namespaces on one bridge: an object store, a head and two nodes of a Ray cluster. For marked tests.

Nothing is routed anywhere. Each host has its own processes, which can be killed together, as a machine dies.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import REPOSITORY

ADDRESSES = {"s3": "10.78.0.1", "h0": "10.78.0.10", "h1": "10.78.0.11", "h2": "10.78.0.12"}
RAY = f"{ADDRESSES['h0']}:6379"
S3 = f"http://{ADDRESSES['s3']}:8333"
_PREFIX = "bunko-"
_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testtest"}
_STARTED_S = 300.0
_STARTED = "Ray runtime started"


def can_make_hosts() -> bool:
    """Return whether this user may make network namespaces here."""
    if sys.platform != "linux" or os.geteuid() or not shutil.which("ip"):
        return False
    made = subprocess.run(["ip", "netns", "add", f"{_PREFIX}probe"], capture_output=True, check=False)
    if made.returncode == 0:
        subprocess.run(["ip", "netns", "del", f"{_PREFIX}probe"], check=False)
    return made.returncode == 0


@dataclass
class Hosts:
    """The hosts, and what runs on them."""

    folder: Path
    ray: Path
    """Where Ray keeps its files: a short path, since those of its sockets can't exceed 107 bytes."""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What every process has in its environment."""
        return {
            **os.environ,
            **_KEYS,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": S3,
            "AWS_ALLOW_HTTP": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)]),
            "OMP_NUM_THREADS": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",
            "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": "a-token-of-this-test-0123456789abcdef",
            "RAY_raylet_start_wait_time_s": "240",
            "RAY_agent_register_timeout_ms": "240000",
        }

    def command(self, host: str, arguments: Sequence[str]) -> list[str]:
        """Return a command line that runs on a host."""
        return ["ip", "netns", "exec", _PREFIX + host, *arguments]

    def start(
        self, host: str, arguments: Sequence[str], *, name: str = "", more: Mapping[str, str] | None = None
    ) -> None:
        """Start a process on a host; its output goes to a file."""
        with (self.folder / f"{name or host}.log").open("ab") as log:
            self.processes[name or host] = subprocess.Popen(
                self.command(host, arguments), stdout=log, stderr=log, env={**self.environment, **(more or {})}
            )

    def run(self, host: str, arguments: Sequence[str], *, timeout_s: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run a command of this Python on a host to its end."""
        return subprocess.run(
            self.command(host, [sys.executable, *arguments]), capture_output=True, text=True, check=False,
            env=self.environment, timeout=timeout_s,
        )  # fmt: skip

    def pids(self, host: str) -> list[int]:
        """Return the processes on a host."""
        found = subprocess.run(["ip", "netns", "pids", _PREFIX + host], capture_output=True, text=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def kill(self, host: str) -> int:
        """Kill every process on a host, as a power cut does; return how many there were."""
        pids = self.pids(host)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if host in self.processes:
            self.processes.pop(host).wait()
        return len(pids)

    def start_node(self, host: str, *, processor: int | None = None) -> None:
        """Start a node with one core on a host; the head has none. Its processes may be bound to one processor."""
        ray = [str(Path(sys.executable).parent / "ray"), "start", "--block", "--disable-usage-stats"]
        ray += ["--object-store-memory=100000000", "--node-ip-address", ADDRESSES[host]]
        if host == "h0":
            ray += ["--head", "--port=6379", "--num-cpus=0", "--include-dashboard=false"]
            ray += [f"--temp-dir={self.ray}"]
        else:
            ray += ["--address", RAY, "--num-cpus=1"]
        if processor is not None:
            ray = ["taskset", "-c", str(processor), *ray]
        log = self.folder / f"{host}.log"
        before = log.read_text().count(_STARTED) if log.exists() else 0
        self.start(host, ray, more={"BUNKO_NODE_NAME": host})
        end = time.monotonic() + _STARTED_S
        while log.read_text().count(_STARTED) == before:
            assert self.processes[host].poll() is None, f"Ray has ended: {log.read_text()[-2_000:]}"
            assert time.monotonic() < end, f"Ray does not start: see {log}"
            time.sleep(0.5)


@contextlib.contextmanager
def make_hosts(folder: Path, *, nodes: Sequence[str] = ("h1", "h2")) -> Iterator[Hosts]:
    """Make the hosts; start the object store, the head, and the nodes, one after the other."""
    hosts = Hosts(folder, Path(tempfile.mkdtemp(prefix="ray-")))
    try:
        _make_network()
        _start_store(hosts)
        for host in ("h0", *nodes):
            hosts.start_node(host)
        yield hosts
    finally:
        for host in ADDRESSES:
            hosts.kill(host)
        for host in (*ADDRESSES, "br"):
            subprocess.run(["ip", "netns", "del", _PREFIX + host], capture_output=True, check=False)
        shutil.rmtree(hosts.ray, ignore_errors=True)


def _make_network() -> None:
    bridge = f"{_PREFIX}br"
    _ip("netns", "add", bridge)
    _ip("-n", bridge, "link", "add", "br0", "type", "bridge")
    _ip("-n", bridge, "link", "set", "br0", "up")
    for host, address in ADDRESSES.items():
        name = _PREFIX + host
        _ip("netns", "add", name)
        _ip("link", "add", f"{name}-v", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", f"{name}-v", "netns", bridge)
        _ip("-n", bridge, "link", "set", f"{name}-v", "master", "br0", "up")
        _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "link", "set", "lo", "up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _start_store(hosts: Hosts) -> None:
    """Start SeaweedFS, or moto where it is not installed, and make a bucket `libs`."""
    weed = Path(sys.executable).parent / "weed"
    if weed.exists():
        identity = {"name": "test", "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        keys = {"accessKey": _KEYS["AWS_ACCESS_KEY_ID"], "secretKey": _KEYS["AWS_SECRET_ACCESS_KEY"]}
        (hosts.folder / "s3.json").write_text(json.dumps({"identities": [{**identity, "credentials": [keys]}]}))
        (hosts.folder / "weed").mkdir()
        flags = ["-s3", "-s3.port=8333", f"-s3.config={hosts.folder}/s3.json", "-s3.port.lance=0", "-s3.port.iceberg=0"]
        flags += ["-master.volumeSizeLimitMB=256", "-volume.max=30", f"-ip={ADDRESSES['s3']}", "-ip.bind=0.0.0.0"]
        hosts.start("s3", [str(weed), "server", f"-dir={hosts.folder}/weed", *flags])
    else:
        script = "import sys; from moto.server import main; main(['-H', '0.0.0.0', '-p', '8333'])"
        hosts.start("s3", [sys.executable, "-c", script])
    make = (
        "import os\nfrom pyarrow.fs import S3FileSystem\n"
        "S3FileSystem(endpoint_override=os.environ['AWS_ENDPOINT_URL'], allow_bucket_creation=True).create_dir('libs')"
    )
    end = time.monotonic() + _STARTED_S
    while hosts.run("s3", ["-c", make], timeout_s=60).returncode:
        assert time.monotonic() < end, f"the object store does not answer: see {hosts.folder}"
        time.sleep(1)
