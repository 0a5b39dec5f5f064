"""Say in one sentence what is wrong with an object store. In: Lance's error, a URL. Out: StoreError, or None.

Lance wraps what the store answered several times. Knows nothing of tables.
"""

from __future__ import annotations

from bunko.errors import StoreError, StoreNotWritable

# What the message of Lance has, in lower letters; what is wrong; what to do. The first that fits is told.
_FAULTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("credentialsnotloaded", "failed to get aws credentials", "no providers in chain"),
        "no credentials were found",
        "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ),
    (
        ("signaturedoesnotmatch", "invalidaccesskeyid", "expiredtoken", "invalidtoken", "unauthenticated"),
        "the store does not accept the credentials",
        "Check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a session may have expired.",
    ),
    (
        ("nosuchbucket", "bucket does not exist"),
        "there is no such bucket",
        "Check the URL, AWS_REGION and AWS_ENDPOINT_URL, or create the bucket.",
    ),
    (
        ("notimplemented",),
        "the store does not support conditional writes",
        "See which one can be used: docs/scaling.md. Test it: bunko doctor --store URL",
    ),
    (
        ("connection refused", "connecterror", "dns error", "kind: connect", "error sending request"),
        "the store can't be reached",
        "Check the network, AWS_ENDPOINT_URL and AWS_REGION.",
    ),
)
_DENIED = ("accessdenied", "access denied", "permissiondenied", "necessary privileges", "403 forbidden", "status: 403")


def remote_fault(detail: str, action: str, location: str) -> StoreError | None:
    """Return the error for what an object store has answered; None where the message says nothing known."""
    lowered = detail.lower()
    for marks, fault, cure in _FAULTS:
        if any(mark in lowered for mark in marks):
            return StoreError(f"The index in {location!r} could not be {action}: {fault}.", cure)
    if any(mark in lowered for mark in _DENIED):
        return StoreNotWritable(
            f"The index in {location!r} could not be {action}: the credentials don't permit it.",
            "Use others, or ask what is there already with --no-sync.",
        )
    return None
