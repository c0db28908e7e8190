"""Calls about images (Docker Engine API, "Image")."""

from contextlib import suppress

from dockyard.engine.build.edits import edit
from dockyard.engine.engine import Engine
from dockyard.engine.errors import BadParameter, NotFound, NotSupported
from dockyard.engine.filters import Filters
from dockyard.engine.http.request import Request
from dockyard.engine.http.response import Json, Progress, Report, Response, Stream
from dockyard.engine.http.router import Route
from dockyard.engine.images import archive, describe, loading, making
from dockyard.engine.images.images import LIST_FILTERS, PRUNE_FILTERS
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry import Credentials, Platform, inspect_distribution, pull, push

__all__ = ["ROUTES"]

TAR = "application/x-tar"


def list_images(engine: Engine, request: Request) -> Response:
    """``GET /images/json``."""
    query = request.query
    return Json(
        engine.images.list(
            Filters.parse(query.get("filters"), LIST_FILTERS),
            all=query.flag("all"),
            shared_size=query.flag("shared-size"),
            version=request.version,
        )
    )


def inspect(engine: Engine, request: Request) -> Response:
    """``GET /images/NAME/json``."""
    return Json(engine.images.inspect(request.params["name"], request.version))


def history(engine: Engine, request: Request) -> Response:
    """``GET /images/NAME/history``."""
    return Json(engine.images.history(request.params["name"]))


def tag(engine: Engine, request: Request) -> Response:
    """``POST /images/NAME/tag``."""
    image = engine.images.resolve(request.params["name"])
    engine.images.tag(image, _named(request.query.get("repo"), request.query.get("tag")))
    return Json(None, 201)


def remove(engine: Engine, request: Request) -> Response:
    """``DELETE /images/NAME``."""
    query = request.query
    return Json(
        engine.images.remove(request.params["name"], force=query.flag("force"), prune=not query.flag("noprune"))
    )


def prune(engine: Engine, request: Request) -> Response:
    """``POST /images/prune``."""
    return Json(engine.images.prune(Filters.parse(request.query.get("filters"), PRUNE_FILTERS)))


def create(engine: Engine, request: Request) -> Response:
    """``POST /images/create``: pull an image, or import one from a tar of its files.

    Raises:
        BadParameter: It is not said what.
        NotSupported: All tags of a name are to be pulled.
    """
    query = request.query
    if source := query.get("fromSrc"):
        return _import(engine, request, source)
    if not query.get("fromImage"):
        raise BadParameter("one of fromImage and fromSrc must be given")
    name = query.get("fromImage").removesuffix(":")  # as the command line ends it for all tags
    if not query.get("tag") and "@" not in name and ":" not in name.rpartition("/")[2]:
        raise NotSupported("docker pull --all-tags is not supported by this engine: name the tag")
    reference = _named(name, query.get("tag"))
    credentials = Credentials.from_header(request.headers.get("x-registry-auth"))

    def produce(send: Report) -> None:
        image = pull(
            engine.images,
            engine.blobs,
            reference,
            platform=query.get("platform"),
            credentials=credentials,
            report=send,
            cancelled=lambda: send.gone,
        )
        engine.trees.spare(image)

    return Progress(produce)


def _import(engine: Engine, request: Request, source: str) -> Response:
    query = request.query
    if source != "-":
        raise NotSupported(
            "docker import from a URL is not supported by this engine: download the file and import that"
        )
    names = [_named(query.get("repo"), query.get("tag"))] if query.get("repo") else []
    run_config = edit(describe.run_config({}), query.all("changes"))
    message = query.get("message") or "Imported from -"

    def produce(send: Report) -> None:
        image = making.import_image(
            engine.images,
            request.body,
            run_config,
            message=message,
            names=names,
            architecture=_architecture(query.get("platform")),
        )
        send({"status": image.id})

    return Progress(produce)


def _architecture(platform: str) -> str:
    return Platform.parse(platform).architecture if platform else ""


def push_image(engine: Engine, request: Request) -> Response:
    """``POST /images/NAME/push``.

    Raises:
        NotSupported: One platform of several is to be pushed.
    """
    if request.query.get("platform"):
        raise NotSupported("this engine keeps one platform of an image, and pushes that: leave --platform out")
    reference = _named(request.params["name"], request.query.get("tag"))
    credentials = Credentials.from_header(request.headers.get("x-registry-auth"))

    def produce(send: Report) -> None:
        push(
            engine.images,
            engine.blobs,
            reference,
            all_tags=not request.query.get("tag") and ":" not in request.params["name"].rpartition("/")[2],
            credentials=credentials,
            report=send,
            cancelled=lambda: send.gone,
        )

    return Progress(produce)


def save_one(engine: Engine, request: Request) -> Response:
    """``GET /images/NAME/get``."""
    return Stream(lambda sink: archive.save(engine.images, [request.params["name"]], sink), TAR)


def save(engine: Engine, request: Request) -> Response:
    """``GET /images/get``."""
    names = request.query.all("names")
    return Stream(lambda sink: archive.save(engine.images, names, sink), TAR)


def load(engine: Engine, request: Request) -> Response:
    """``POST /images/load``."""
    quiet = request.query.flag("quiet", default=True)

    def produce(send: Report) -> None:
        for image_id in loading.load(engine.images, request.body, send, quiet=quiet):
            with suppress(NotFound):  # removed by someone meanwhile
                engine.trees.spare(engine.images.get(image_id))  # so that its first container is there at once

    return Progress(produce)


def search(_: Engine, __: Request) -> Response:
    """``GET /images/search``."""
    raise NotSupported("docker search is not supported by this engine: look on https://hub.docker.com and pull by name")


def distribution(_: Engine, request: Request) -> Response:
    """``GET /distribution/NAME/json``."""
    credentials = Credentials.from_header(request.headers.get("x-registry-auth"))
    return Json(inspect_distribution(Reference.parse(request.params["name"]), credentials=credentials))


def _named(name: str, suffix: str) -> Reference:
    """A name whose tag or digest may stand beside it."""
    if not suffix:
        return Reference.parse(name)
    reference = Reference.parse(name)
    return reference.with_digest(suffix) if suffix.startswith("sha256:") else reference.with_tag(suffix)


ROUTES: list[Route[Engine]] = [
    ("GET", "/images/json", list_images),
    ("POST", "/images/create", create),
    ("POST", "/images/prune", prune),
    ("GET", "/images/search", search),
    ("GET", "/images/get", save),
    ("POST", "/images/load", load),
    ("GET", "/images/{name:.*}/get", save_one),
    ("GET", "/images/{name:.*}/json", inspect),
    ("GET", "/images/{name:.*}/history", history),
    ("POST", "/images/{name:.*}/tag", tag),
    ("POST", "/images/{name:.*}/push", push_image),
    ("DELETE", "/images/{name:.*}", remove),
    ("GET", "/distribution/{name:.*}/json", distribution),
]
