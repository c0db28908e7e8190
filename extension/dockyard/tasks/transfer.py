"""A pull or a push as the engine tells it: one stream, a record a step of each layer."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dockyard.connection import Client
from dockyard.errors import EngineRefused, engine_errors
from dockyard.tasks.base import Cancel, Progress, Report, check_cancel
from dockyard.tasks.output import checked, until_cancelled

__all__ = ["LayerProgress", "TransferProgress", "Transferred", "transfer"]

MOVING = ("Downloading", "Pushing")
ENDED = ("Pull complete", "Already exists", "Pushed", "Layer already exists")


@dataclass(frozen=True)
class LayerProgress:
    """How far one layer is.

    Attributes:
        id: As the engine calls it, such as ``e94834e23c7f``.
        status: What is done with it, in the engine's words, such as ``Downloading``.
        done: Bytes over the network so far.
        total: Bytes in all, compressed; None while that is not known.
        has_ended: Whether nothing more will be done with it.
    """

    id: str
    status: str
    done: int = 0
    total: int | None = None
    has_ended: bool = False


@dataclass(frozen=True)
class TransferProgress(Progress):
    """How far all layers are; ``done`` and ``total`` are their bytes together, of those that are known."""

    layers: tuple[LayerProgress, ...] = ()


@dataclass(frozen=True)
class Transferred:
    """What came of it.

    Attributes:
        digest: Of the manifest, as the registry has it.
        status: The engine's last word, such as ``Status: Image is up to date for busybox:latest``.
    """

    digest: str = ""
    status: str = ""


def transfer(
    client: Client, url: str, params: Mapping[str, str], registry: str, *, doing: str, report: Report, cancel: Cancel
) -> Transferred:
    """Let the engine pull or push, with the log-in that Docker's configuration has for the registry.

    Args:
        client: The engine.
        url: The call's full address.
        params: Its parameters.
        registry: Such as ``docker.io``.
        doing: What is reported as being done.
        report: Told :class:`TransferProgress`.
        cancel: Once set, the connection is closed, and the engine stops.

    Raises:
        EngineRefused: It failed; docker-py does not raise what the stream carries.
        Cancelled: ``cancel`` was set.
    """
    layers: dict[str, LayerProgress] = {}
    digest = status = ""
    with engine_errors(client.address):
        for event in until_cancelled(_events(client, url, params, registry, cancel), cancel):
            record = json.loads(event)
            if "error" in record or "errorDetail" in record:
                message = record.get("error") or record["errorDetail"].get("message")
                raise EngineRefused(message=message, status=None)
            said = str(record.get("status", ""))
            if "id" in record and "progressDetail" in record:
                layers[record["id"]] = _step(layers.get(record["id"]), record)
            elif said.startswith("Digest: "):
                digest = said.removeprefix("Digest: ")
            elif "aux" in record:
                digest = record["aux"].get("Digest", digest)
            elif said:
                status = said
            report(_overall(layers, doing))
    check_cancel(cancel)
    return Transferred(digest, status)


def _events(client: Client, url: str, params: Mapping[str, str], registry: str, cancel: Cancel) -> Iterator[bytes]:
    import docker.auth

    known = docker.auth.resolve_authconfig(docker.auth.load_config(), registry)
    header = docker.auth.encode_header(known or {}).decode()
    answer = client.api.post(url, params=dict(params), headers={"X-Registry-Auth": header}, stream=True)
    with checked(answer):
        for text in answer.iter_lines():
            if cancel.is_set():
                return
            if text:
                yield text


def _step(before: LayerProgress | None, record: Mapping[str, Any]) -> LayerProgress:
    detail, status = record["progressDetail"] or {}, str(record["status"])
    done, total = (before.done, before.total) if before else (0, None)
    if status in MOVING and "current" in detail:
        # What is packed on the way may turn out larger than it was said to be.
        done = int(detail["current"])
        total = max(done, int(detail["total"])) if detail.get("total") else total
    if status in ("Download complete", "Pull complete", "Pushed") and total is not None:
        done = total
    return LayerProgress(str(record["id"]), status, done, total, status.startswith((*ENDED, "Mounted from")))


def _overall(layers: Mapping[str, LayerProgress], doing: str) -> TransferProgress:
    all_layers = tuple(layers.values())
    return TransferProgress(
        sum(layer.done for layer in all_layers if layer.total is not None),
        sum(layer.total or 0 for layer in all_layers) or None,
        "bytes",
        doing,
        all_layers,
    )
