"""A Compose project as Kubernetes manifests, with comments on what has no equivalent there."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dockyard.compose import Attached, Project, Service, load
from dockyard.kubernetes.pods import pod
from dockyard.kubernetes.words import Names, name_of_env, notes_of
from dockyard.locale import N_, translate

__all__ = ["Manifest", "Manifests", "manifests"]

CLAIM_SIZE = "1Gi"
SECRET = re.compile(r"(?i)(password|passwd|secret|token|api_?key)")


@dataclass(frozen=True)
class Manifest:
    """One object.

    Attributes:
        object: As Kubernetes takes it (Kubernetes API reference).
        notes: What to know of it, in the reader's language; comments above it in the text.
    """

    object: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Such as ``Deployment``."""
        return str(self.object["kind"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.object["metadata"]["name"])


@dataclass(frozen=True)
class Manifests:
    """All objects of a project; ``str()`` gives one YAML text.

    Attributes:
        project: The project's name.
        items: In the order in which they are made.
        notes: What to know of the whole.
    """

    project: str
    items: tuple[Manifest, ...]
    notes: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        documents = ["".join(_comment(self.notes))]
        for each in self.items:
            text = yaml.safe_dump(dict(each.object), sort_keys=False, allow_unicode=True, width=1000)
            documents.append("".join(_comment(each.notes)) + text)
        return "---\n".join(documents)

    def _repr_html_(self) -> str:
        return f'<pre style="max-height: 40em; overflow: auto">{html.escape(str(self))}</pre>'

    def save(self, path: str | Path) -> Path:
        """Write the text to a file, and return its path; a file that is there is replaced."""
        file = Path(path).expanduser()
        file.write_text(str(self), "utf-8")
        return file


def manifests(project: Project | str = "", *, name: str = "") -> Manifests:
    """Return a Compose project as Kubernetes manifests.

    Each service becomes a Deployment (a Job, where another service waits for its end) and a Service of its name, by which the others reach it;
    its variables a ConfigMap; each volume with a name a PersistentVolumeClaim; small folders and files of this machine, which a cluster can't
    reach, copies in a ConfigMap.

    Args:
        project: The project, or its file or folder; empty looks in the working folder and above.
        name: The project's name, instead of the file's or the folder's own.

    Raises:
        NoComposeFile, ComposeFileBroken: There is no such file, or something is wrong with it.
    """
    found = project if isinstance(project, Project) else load(project, name=name)
    names = Names(found)
    items = [*_claims(found, names)]
    for service in found.in_order():
        items += _of_service(found, service, names)
    whole = [
        translate(N_("The Compose project {name} as Kubernetes has it.")).format(name=found.name),
        translate(N_("Every node pulls images from a registry: what is only in this engine must be pushed first.")),
        translate(N_("A namespace of its own keeps the names apart: kubectl create namespace {name}")).format(
            name=names.dns(found.name)
        ),
    ]
    if any(not each.is_external and each.key != "default" for each in found.networks):
        whole.append(
            translate(
                N_("Networks have no equivalent: all pods reach each other, unless a NetworkPolicy says otherwise.")
            )
        )
    return Manifests(found.name, tuple(items), tuple(whole))


def _comment(notes: Iterable[str]) -> Iterator[str]:
    return (f"# {line}\n" for note in notes for line in note.splitlines())


def _claims(project: Project, names: Names) -> Iterator[Manifest]:
    for volume in project.volumes:
        users = [
            each
            for each in project.services
            if any(mount.source == volume.key for mount in each.mounts if mount.kind == "volume")
        ]
        if volume.is_external:
            continue
        notes = [
            translate(N_("A claim needs a size; {size} is a guess.")).format(size=CLAIM_SIZE),
            translate(N_("It begins empty: unlike Docker, Kubernetes does not copy into it what the image has there.")),
        ]
        if len(users) > 1:
            notes.append(
                translate(N_("Several services mount it: with ReadWriteOnce their pods must run on one node."))
            )
        yield Manifest(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": names.metadata(names.volume(volume.key)),
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": CLAIM_SIZE}}},
            },
            tuple(notes),
        )


def _of_service(project: Project, service: Service, names: Names) -> Iterator[Manifest]:
    name = names.service(service.name)
    if service.environment:
        secret = [pair.partition("=")[0] for pair in service.environment if SECRET.search(pair.partition("=")[0])]
        says = translate(N_("{names} look like secrets, and belong into a Secret instead."))
        yield Manifest(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": names.metadata(name_of_env(name), name),
                "data": dict(pair.partition("=")[::2] for pair in service.environment),
            },
            (says.format(names=", ".join(secret)),) if secret else (),
        )
    template, copies, notes = pod(project, service, names)
    for copy, files in copies.items():
        says = translate(N_("A copy of what lay on this machine; later changes there do not show."))
        yield Manifest(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": names.metadata(copy, name), "data": files}, (says,)
        )
    notes = (*notes_of(service), *notes)
    if _is_awaited(project, service):
        template["spec"]["restartPolicy"] = "Never"
        yield Manifest(
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": names.metadata(name, name),
                "spec": {"backoffLimit": 0, "template": template},
            },
            notes,
        )
        return
    yield Manifest(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": names.metadata(name, name),
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": names.selector(name)},
                # Two pods at once could not both have a claim for one node, nor one port of the node.
                **({"strategy": {"type": "Recreate"}} if _has_claim(service.mounts) else {}),
                "template": template,
            },
        },
        notes,
    )
    yield _service(service, name, names)


def _service(service: Service, name: str, names: Names) -> Manifest:
    ports: dict[tuple[int, str], dict[str, Any]] = {}
    notes = []
    wanted = [(each.target, each.protocol) for each in service.ports]
    wanted += [
        (int(number), kind or "tcp")
        for number, _, kind in (each.partition("/") for each in service.expose)
        if number.isdecimal()
    ]
    for number, protocol in wanted:
        ports[number, protocol] = {
            "name": f"{protocol}-{number}",
            "port": number,
            "targetPort": number,
            "protocol": protocol.upper(),
        }
    for each in service.ports:
        if each.published:
            says = translate(N_("Port {port} of this machine: kubectl port-forward service/{name} {port}:{target}"))
            notes.append(says.format(port=each.published, name=name, target=each.target))
    spec: dict[str, Any] = {"selector": names.selector(name)}
    if ports:
        spec |= {"type": "NodePort" if service.ports else "ClusterIP", "ports": list(ports.values())}
    else:
        spec["clusterIP"] = "None"
        notes.append(translate(N_("No port is known of it; the name alone leads to its pod.")))
    aliases = sorted({alias for _, names_there in service.networks for alias in names_there})
    if aliases:
        notes.append(
            translate(N_("Other names ({names}) would each need a Service of its own.")).format(
                names=", ".join(aliases)
            )
        )
    made = {"apiVersion": "v1", "kind": "Service", "metadata": names.metadata(name, name), "spec": spec}
    return Manifest(made, tuple(notes))


def _is_awaited(project: Project, service: Service) -> bool:
    """Whether another service waits for its end."""
    wanted = (each for other in project.services for each in other.depends_on)
    return any((each.service, each.condition) == (service.name, "service_completed_successfully") for each in wanted)


def _has_claim(mounts: Sequence[Attached]) -> bool:
    return any(each.kind == "volume" and each.source for each in mounts)
