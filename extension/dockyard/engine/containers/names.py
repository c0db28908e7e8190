"""Names of containers: which are allowed, and ones made up where none was given."""

import re
import secrets
from collections.abc import Container

from dockyard.engine.errors import BadParameter

__all__ = ["invent", "valid"]

ALLOWED = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")

_HOW = """able airy amber ample bold brave brisk calm clear deft eager early fair fleet fresh frosty gentle glad golden
handy hardy hazy humble jolly keen kind light lively loyal lucid mellow merry mild misty neat noble patient placid polar
prompt proud quick quiet rapid ready round silver sleek smart snug sober spry steady still sunny sure swift tidy trim
true vivid warm wise witty zesty""".split()  # noqa: SIM905  # a list of words reads as one
_WHAT = """anchor barge beacon berth boom bow bridge brig buoy cabin canal capstan cargo channel compass coral cove crane
crew current deck delta dinghy dock drift ferry fjord fleet galley gangway gull hatch harbor haven helm hull island jetty
keel kelp knot lagoon lantern ledger lighthouse mast mooring oar otter pier pilot plank port prow quay raft reef rigging
rope rudder sail schooner seal sextant shoal skiff sloop spar spray stern strait tide tiller trawler tug wake wharf
winch yawl""".split()  # noqa: SIM905  # a list of words reads as one


def valid(name: str) -> str:
    """Return a name without its slash.

    Raises:
        BadParameter: It is not allowed.
    """
    if not ALLOWED.fullmatch(name):
        raise BadParameter(f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    return name.removeprefix("/")


def invent(taken: Container[str]) -> str:
    """Return a name that no container has, such as ``steady_lantern``."""
    for _ in range(8):
        name = f"{secrets.choice(_HOW)}_{secrets.choice(_WHAT)}"
        if name not in taken:
            return name
    return f"{name}_{secrets.token_hex(3)}"
