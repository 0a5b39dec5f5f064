"""The connection to a Ray cluster. In: shares of the work. Out: what the nodes have done, in the order they end.

Each share is a Ray task. The driver itself sends a share again whose node or process has died, so that what was done
twice is counted; a share that fails again and again is given up, and the others go on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray import exceptions

from bunko.cluster.plan import Task
from bunko.cluster.work import Done, Job, work
from bunko.errors import BunkoError, ClusterError

# A file can bring down its process, though the reader has a process of its own with limits.
_TRIES = 5
_LOOK_S = 1.0
# So many shares wait for a core beside the one that it works on: no core is idle while the driver commits.
_AHEAD = 2
_WITHOUT_NODES_S = 300.0
# Not the fault of what a task does: a node, a process or what they kept is gone.
_DEATHS = (
    exceptions.WorkerCrashedError,
    exceptions.NodeDiedError,
    exceptions.LocalRayletDiedError,
    exceptions.ObjectLostError,
    exceptions.OutOfMemoryError,
)


@dataclass(slots=True, kw_only=True)
class Share:
    """Files that one task looks at."""

    tasks: Sequence[Task]
    tries: int = 0
    known_at: int = 0
    """The version of the table of vectors that its last try started from."""


class Nodes:
    """The nodes of a cluster. Use it in a `with`."""

    def __init__(self, address: str) -> None:
        """Connect to the cluster at `address`; empty: to that of RAY_ADDRESS, else start one on this machine.

        Raises ClusterError.
        """
        # Nothing about a run is sent to anybody. Tasks get their share of the processor as other programs do.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_worker_niceness", "0")
        os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
        own: dict[str, Any] = {} if address or os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}
        try:
            ray.init(address=address or None, log_to_driver=False, logging_level="error", **own)
        except (ConnectionError, RuntimeError, OSError, ValueError) as error:
            raise ClusterError(
                f"The Ray cluster {address or os.environ.get('RAY_ADDRESS', 'of this machine')} can't be reached: "
                f"{' '.join(str(error).split())[:300]}",
                "Check the address, and that RAY_AUTH_MODE and the token are those of the cluster.",
            ) from error
        self.redone = 0
        """How many shares were sent again."""
        self.given_up: list[Share] = []
        self.is_waiting = False
        """Whether others had all cores when the run began, and no share is done yet."""

    def __enter__(self) -> Nodes:
        return self

    def __exit__(self, *exception: object) -> None:
        ray.shutdown()

    def cores(self) -> int:
        """Return how many tasks can run at once."""
        return int(ray.cluster_resources().get("CPU", 0))

    def count(self) -> int:
        """Return the number of nodes that can run tasks."""
        return sum(bool(node["Alive"] and node["Resources"].get("CPU")) for node in ray.nodes())

    def run(
        self, job: Job, shares: Iterator[Share], *, known_at: Callable[[], int]
    ) -> Iterator[tuple[Share, Done] | None]:
        """Yield each share with what was done, and None from time to time. `known_at` is asked before each try.

        Raises ClusterError where no node is left, and what a task raises.
        """
        task = ray.remote(num_cpus=1, max_retries=0)(work)
        running: dict[Any, Share] = {}
        again: list[Share] = []
        alive = time.monotonic()
        self.is_waiting = self.cores() > 0 and ray.available_resources().get("CPU", 0) < 1
        while True:
            cores = self.cores()
            alive = time.monotonic() if cores else alive
            if time.monotonic() - alive > _WITHOUT_NODES_S:
                raise ClusterError("No node of the cluster is left.", "Start nodes, and run the command again.")
            while len(running) < _AHEAD * max(1, cores):
                share = again.pop() if again else next(shares, None)
                if share is None:
                    break
                share.known_at, share.tries = known_at(), share.tries + 1
                running[task.remote(job, share.tasks, share.known_at)] = share
            if not running:
                return
            ready, _ = ray.wait(list(running), num_returns=1, timeout=_LOOK_S)
            for reference in ready:
                share = running.pop(reference)
                done = self._result(reference)
                self.is_waiting = False
                if done is not None:
                    yield share, done
                elif share.tries < _TRIES:
                    self.redone += 1
                    again.append(share)
                else:
                    self.given_up.append(share)
            if not ready:
                yield None

    def _result(self, reference: Any) -> Done | None:
        """Return what a task has done; None where its node or process has died. Raises what it raised."""
        try:
            done: Done = ray.get(reference)
        except _DEATHS:
            return None
        except exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, _DEATHS):
                return None
            if isinstance(cause, BunkoError):
                raise cause from error
            raise ClusterError(
                f"A task failed: {type(cause).__name__}: {' '.join(str(cause).split())[:300]}",
                "Look at Ray's logs on its node. What was committed before is kept.",
            ) from error
        return done
