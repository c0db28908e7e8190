"""The engine: everything it keeps, opened and joined together. It knows no HTTP; the calls of the API are in :mod:`.http`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dockyard.engine import about
from dockyard.engine.build.builder import Builder
from dockyard.engine.build.edits import edit
from dockyard.engine.caches import Caches
from dockyard.engine.containers.commit import Committer
from dockyard.engine.containers.containers import Containers
from dockyard.engine.containers.differences import Differences
from dockyard.engine.containers.execs import Execs
from dockyard.engine.containers.launch import Launcher
from dockyard.engine.containers.making import Maker
from dockyard.engine.containers.runtime import Runtime
from dockyard.engine.containers.workbench import Bench
from dockyard.engine.durable import empty
from dockyard.engine.errors import BadParameter, NotSupported
from dockyard.engine.events import Events
from dockyard.engine.folders import Folders
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.image import Image
from dockyard.engine.images.images import Images
from dockyard.engine.images.reference import Reference
from dockyard.engine.images.trees import Trees
from dockyard.engine.networks.networks import Networks
from dockyard.engine.registry import Credentials, host_of, pull
from dockyard.engine.run.probe import choose, low_ports_allowed
from dockyard.engine.run.spec import Runner
from dockyard.engine.volumes import Volumes

__all__ = ["Engine"]

DF_TYPES = ("build-cache", "container", "image", "volume")


class Engine:
    """One engine over one data folder, which no other process has open.

    Attributes:
        folders: Where it keeps what.
        runner: What runs its containers.
        events: What happens.
        blobs: Content by digest.
        images: Images and their names.
        trees: Their files, unpacked.
        volumes: Volumes.
        networks: Networks.
        containers: Containers.
        maker: Makes them.
        runtime: Starts and ends them.
        execs: Programs that join them.
        committer: Makes images of them.
        caches: What is kept only to be fast.
    """

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        choice = choose()
        if choice.runner is None:
            raise NotSupported(
                "no container can run here: " + "; ".join(f"{name}: {why}" for name, why in choice.reasons)
            )
        self.runner: Runner = choice.runner
        self._reasons = choice.reasons
        self.events = Events()
        self.blobs = Blobs(folders.blobs, folders.staging)
        self.images = Images(folders, self.blobs, self.events)
        self.trees = Trees(folders, self.blobs)
        self.volumes = Volumes(folders, self.events)
        self.networks = Networks(folders, self.events)
        launcher = Launcher(self.runner, low_ports_allowed())
        self.execs = Execs(launcher, self.events)
        self.runtime = Runtime(folders, self.events, launcher, self.execs, self.networks)
        differences = Differences(self.trees)
        self.containers = Containers(
            folders, self.events, self.images, self.volumes, self.networks, self.runtime, self.execs, differences
        )
        self.maker = Maker(folders, self.events, self.images, self.trees, self.volumes, self.networks, self.containers)
        self.committer = Committer(self.events, self.images, differences, edit)
        self._bench = Bench(folders, self.networks, self.runner, low_ports=launcher.low_ports)
        self.caches = Caches(folders, self.trees, self.containers, self.builder({}).caches)
        self.images.on_delete = lambda _: self._trim()

    @classmethod
    def open(cls, folders: Folders) -> "Engine":
        """Open an engine: clear what an earlier one left half-made, and take hold of the containers that run.

        Args:
            folders: Made already, and locked by this process.
        """
        for folder in (folders.staging, folders.trash):
            empty(folder)
        engine = cls(folders)
        engine.runtime.recover(engine.containers.all())
        engine.images.release()
        engine._trim()
        return engine

    def close(self) -> None:
        """Start nothing any more. Containers run on; the next engine takes hold of them."""
        self.runtime.close()

    def builder(self, credentials: Mapping[str, Credentials]) -> Builder:
        """Return what builds images of Dockerfiles.

        Args:
            credentials: For base images, by registry; others are taken from what ``docker login`` kept.
        """

        def get(reference: Reference, report: Callable[[dict[str, Any]], None]) -> Image:
            known = credentials.get(host_of(reference.domain))
            return pull(self.images, self.blobs, reference, credentials=known, report=report)

        return Builder(self.folders, self.images, self.trees, self._bench, get)

    # ------------------------------------------------------------ about it

    def version(self, api: tuple[str, str]) -> dict[str, Any]:
        """Answer ``GET /version``, given the newest and the oldest version of the API."""
        return about.version(api, self.runner)

    def info(self) -> dict[str, Any]:
        """Answer ``GET /info``."""
        return about.info(
            counts=Counter(each.state.status for each in self.containers.all()),
            images=len(self.images.list()),
            runner=self.runner,
            refused=self._reasons,
            data=self.folders.data,
        )

    def disk_usage(self, version: tuple[int, int], types: Sequence[str]) -> dict[str, Any]:
        """Answer ``GET /system/df``.

        Args:
            version: Of the API.
            types: Of :data:`DF_TYPES`; none for all.

        Raises:
            BadParameter: There is no such type.
        """
        for name in types:
            if name not in DF_TYPES:
                raise BadParameter(f"unknown object type: {name}")
        wanted = types or DF_TYPES
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "image": lambda: self._image_usage(version),
            "container": lambda: {
                "Containers": [self.containers.summary(each, version, size=True) for each in self.containers.all()]
            },
            "volume": lambda: {"Volumes": self.volumes.usage(version)},
            "build-cache": self._build_cache,
        }
        shown: dict[str, Any] = {
            "LayersSize": 0,
            "Images": None,
            "Containers": None,
            "Volumes": None,
            "BuildCache": None,
        }
        for name in wanted:
            shown |= parts[name]()
        return shown

    def _image_usage(self, version: tuple[int, int]) -> dict[str, Any]:
        used = Counter(each.image_id for each in self.containers.all())
        images = self.images.list(shared_size=True, version=version)
        return {
            "LayersSize": self.images.layers_size_bytes(),
            "Images": [each | {"Containers": used[each["Id"]]} for each in images],
        }

    def _build_cache(self) -> dict[str, Any]:
        records = self.caches.list()
        return {"BuildCache": records, "BuilderSize": sum(each["Size"] for each in records)}

    def _trim(self) -> None:
        """Drop the unpacked files of images that are gone, unless a container was made of them."""
        self.trees.trim(
            lambda: {image.chain_id for image in self.images.all()} | {each.chain_id for each in self.containers.all()}
        )
