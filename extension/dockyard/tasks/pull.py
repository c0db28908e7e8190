"""Download an image from its registry, with its progress; used where a run finds that an image is missing."""

from docker.utils import parse_repository_tag

from dockyard.connection import Client
from dockyard.errors import EngineRefused, NoSuchImage, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import Cancel, Progress, Report, check_cancel

__all__ = ["has_image", "pull"]


def has_image(client: Client, reference: str) -> bool:
    """Whether the engine has an image of this name or ID."""
    return client.find_json("/images/{}/json", reference) is not None


def pull(client: Client, reference: str, *, report: Report, cancel: Cancel) -> None:
    """Download ``reference``; report the bytes of all its layers together.

    Raises:
        NoSuchImage: The registry has none, or can't be reached; the sentence says which. docker-py does not raise what the stream carries.
        Cancelled: ``cancel`` was set; layers that are there already stay for the next try.
    """
    repository, tag = parse_repository_tag(reference)
    layers: dict[str, tuple[int, int]] = {}
    doing = translate(N_("pulling {name}")).format(name=reference)
    try:
        with engine_errors(client.address):
            for event in client.api.pull(repository, tag=tag or "latest", stream=True, decode=True):
                check_cancel(cancel)
                if "errorDetail" in event or "error" in event:
                    raise NoSuchImage(name=reference, reason=event.get("error") or event["errorDetail"]["message"])
                detail = event.get("progressDetail") or {}
                if event.get("status") == "Downloading" and "total" in detail:
                    layers[event["id"]] = (detail["current"], detail["total"])
                report(
                    Progress(
                        sum(done for done, _ in layers.values()),
                        sum(size for _, size in layers.values()) or None,
                        "bytes",
                        doing,
                    )
                )
    except EngineRefused as error:
        raise NoSuchImage(name=reference, reason=str(error.facts["message"])) from error
