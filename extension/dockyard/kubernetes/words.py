"""Names and labels as Kubernetes takes them, and what of a service it has no equivalent for."""

import re
from collections.abc import Iterator
from typing import Any

from dockyard.compose import Project, Service
from dockyard.locale import N_, translate

__all__ = ["Names", "name_of_env", "notes_of"]

LONGEST = 53  # of 63: room for what Kubernetes and names of ConfigMaps add


class Names:
    """The names of a project's objects: each its own, of lower-case letters, digits and dashes (RFC 1123)."""

    def __init__(self, project: Project) -> None:
        self._project = project.name
        self._services = self._apart([each.name for each in project.services])
        self._volumes = self._apart([each.key for each in project.volumes])

    def service(self, name: str) -> str:
        """What a service is called."""
        return self._services[name]

    def volume(self, key: str) -> str:
        """What a volume's claim is called."""
        return self._volumes[key]

    def selector(self, name: str) -> dict[str, str]:
        """The labels by which a service's pods are found."""
        return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": self.dns(self._project)}

    def metadata(self, name: str, service: str = "") -> dict[str, Any]:
        """An object's name and labels."""
        labels = self.selector(service) if service else {"app.kubernetes.io/part-of": self.dns(self._project)}
        return {"name": name, "labels": {**labels, "app.kubernetes.io/managed-by": "dockyard"}}

    @staticmethod
    def dns(text: str) -> str:
        """A text made to a name."""
        return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:LONGEST].strip("-") or "x"

    def _apart(self, texts: list[str]) -> dict[str, str]:
        """Each text's name; one that another one has already gets a number."""
        made: dict[str, str] = {}
        for text in texts:
            name, count = self.dns(text), 1
            while name in made.values():
                count += 1
                name = f"{self.dns(text)}-{count}"
            made[text] = name
        return made


def name_of_env(service: str) -> str:
    """What the ConfigMap of a service's variables is called."""
    return f"{service}-env"


def notes_of(service: Service) -> Iterator[str]:
    """What of a service has no equivalent, or another one than one might think; in the reader's language."""
    if service.build:
        says = translate(
            N_(
                "{image} is built from {folder}: push it to a registry that the cluster reaches, under that registry's name."
            )
        )
        yield says.format(image=service.image, folder=service.build.context)
    if service.depends_on:
        names = ", ".join(each.service for each in service.depends_on)
        yield translate(N_("Nothing waits for {names}: all begin at once, and are restarted until they run.")).format(
            names=names
        )
    if service.restart in ("no", "") or service.restart.startswith("on-failure"):
        yield translate(N_("A Deployment restarts its pods whenever they end, whatever `restart` says."))
    if service.healthcheck and service.healthcheck.test and service.healthcheck.test[0] != "NONE":
        yield translate(N_("The health check became a readiness probe: while it fails, no one is sent there."))
    if service.stop_signal:
        yield translate(N_("The signal to stop with is the image's own; `stop_signal` has no equivalent."))
    if service.init:
        yield translate(N_("`init` has no equivalent; the image must bring an init of its own."))
    if service.user and not re.fullmatch(r"\d+(:\d+)?", service.user):
        yield translate(N_("The user {user!r} must be a number here, so it was left out.")).format(user=service.user)
    if service.network_mode not in ("", "host", "bridge"):
        yield translate(N_("The network mode {mode!r} has no equivalent.")).format(mode=service.network_mode)
