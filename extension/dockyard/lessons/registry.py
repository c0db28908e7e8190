"""Lesson 8: one image under two names, pushed into a registry of one's own, deleted, and pulled back."""

from dockyard.connection.registry import Registry
from dockyard.lessons.lesson import Bench, Lesson, Made, Step
from dockyard.lessons.look import require_image
from dockyard.lessons.progress import passed
from dockyard.locale import N_, translate
from dockyard.tasks import Commit, Evidence, Pull, Push, Run, Tag, Untag, start_registry
from dockyard.tasks.snapshot import tags_of
from dockyard.wording import short_id

__all__ = ["LESSON"]

KEY = "registry"
REGISTRY = "apa000registry"
MAKER = "apa000ex26"
REPOSITORY, VERSION = "nyappacchi", "13"


def check_registry(bench: Bench) -> Evidence:
    """Something that speaks the registry's protocol answers."""
    repositories = _catalog(bench)
    says = translate(N_("The registry at {address} answers. Its repositories: {names}")).format(
        address=_address(bench), names=", ".join(repositories) or "–"
    )
    return Evidence(True, says)


def do_registry(bench: Bench) -> None:
    """Start one."""
    start_registry(bench.client, name=bench.name(REGISTRY), port=bench.registry_port)


def check_tag(bench: Bench) -> Evidence:
    """The image has the registry's name and another one."""
    image = require_image(bench, _book_name(bench))
    names = tags_of(image)
    says = translate(N_("Image {image} has these names: {names}")).format(
        image=short_id(image["Id"]), names=", ".join(names)
    )
    return Evidence(len(names) > 1, says, {"image_id": image["Id"], "names": list(names)})


def do_tag(bench: Bench) -> None:
    """Make an image, and give it the second name."""
    Run("busybox", ("true",), name=bench.name(MAKER)).run(bench.client)
    Commit(bench.name(MAKER), bench.name(REPOSITORY)).run(bench.client)
    Tag(bench.name(REPOSITORY), _name(bench)).run(bench.client)


def check_push(bench: Bench) -> Evidence:
    """The registry has the image under its tag."""
    with Registry(_address(bench)) as registry:
        repository, tag = _repository(bench)
        tags = registry.tags(repository) if repository in set(registry.catalog()) else []
        if tag not in tags:
            says = translate(N_("The registry at {address} has no {name} yet.")).format(
                address=_address(bench), name=f"{repository}:{tag}"
            )
            return Evidence(False, says)
        digest = registry.manifest(repository, tag).digest
    says = translate(N_("The registry has {name} with digest {digest}.")).format(
        name=f"{repository}:{tag}", digest=digest
    )
    return Evidence(True, says, {"digest": digest})


def do_push(bench: Bench) -> None:
    """Push it."""
    Push(_name(bench)).run(bench.client)


def check_gone(bench: Bench) -> Evidence:
    """Neither name is left, and so the image is gone."""
    first = passed(bench.client.data_dir, KEY, "tag")
    if first is None:
        return Evidence(False, translate(N_("Give the image its second name first.")))
    left = bench.client.find_json("/images/{}/json", first["facts"]["image_id"])
    if left is None:
        says = translate(N_("Image {image} is gone from this engine: it has no name left."))
        return Evidence(True, says.format(image=short_id(first["facts"]["image_id"])))
    says = translate(N_("Image {image} is still here, as {names}.")).format(
        image=short_id(left["Id"]), names=", ".join(tags_of(left)) or "–"
    )
    return Evidence(False, says)


def do_gone(bench: Bench) -> None:
    """Take both names off."""
    Untag((bench.name(REPOSITORY),)).run(bench.client)
    Untag((_name(bench),)).run(bench.client)


def check_pull(bench: Bench) -> Evidence:
    """The very image is here again."""
    first, gone = (passed(bench.client.data_dir, KEY, key) for key in ("tag", "gone"))
    if first is None or gone is None:
        return Evidence(False, translate(N_("Delete the image from this engine first.")))
    image = require_image(bench, _book_name(bench))
    says = translate(N_("{name} is here, with the image ID {image}.")).format(
        name=_name(bench), image=short_id(image["Id"])
    )
    return Evidence(image["Id"] == first["facts"]["image_id"], says, {"digests": image.get("RepoDigests") or []})


def do_pull(bench: Bench) -> None:
    """Pull it."""
    Pull(_name(bench)).run(bench.client)


def made(bench: Bench) -> Made:
    """The registry with its content, and the lesson's names of images."""
    return Made(containers=(REGISTRY, MAKER), images=(_book_name(bench), REPOSITORY))


def _address(bench: Bench) -> str:
    return f"localhost:{bench.registry_port}"


def _name(bench: Bench) -> str:
    """What the lesson pushes, such as ``localhost:5000/nyappacchi:13``."""
    return bench.name(_book_name(bench))


def _book_name(bench: Bench) -> str:
    return f"{_address(bench)}/{REPOSITORY}:{VERSION}"


def _repository(bench: Bench) -> tuple[str, str]:
    return REPOSITORY, bench.name(VERSION)


def _catalog(bench: Bench) -> list[str]:
    with Registry(_address(bench)) as registry:
        return list(registry.catalog())


LESSON = Lesson(
    key=KEY,
    number=8,
    title=N_("Names, tags and registries"),
    about=N_("Name an image, push it, pull it back."),
    steps=(
        Step(
            "registry",
            N_("Run a registry of your own at port 5000"),
            check_registry,
            do_registry,
            (N_("A registry is a container like any other; its image is called registry."),),
            lines=("docker run --name apa000registry -d -p 5000:5000 registry",),
        ),
        Step(
            "tag",
            N_("Give an image of yours the second name localhost:5000/nyappacchi:13"),
            check_tag,
            do_tag,
            (
                N_(
                    "Any image of yours will do. It must have both names: its own, and the one with the registry in front."
                ),
            ),
            lines=("docker tag nyappacchi localhost:5000/nyappacchi:13",),
        ),
        Step(
            "push",
            N_("Push it, and find it in the registry's catalog"),
            check_push,
            do_push,
            (N_("The name says where it goes."),),
            lines=("docker push localhost:5000/nyappacchi:13",),
        ),
        Step(
            "gone",
            N_("Delete the image from this engine: both of its names"),
            check_gone,
            do_gone,
            (
                N_("Taking one name off says “untagged”; only with the last one the image is “deleted”."),
                N_("A container that was made from the image holds it; remove that one first."),
            ),
            lines=("docker rmi nyappacchi localhost:5000/nyappacchi:13",),
        ),
        Step(
            "pull",
            N_("Pull it back from your registry: the same image"),
            check_pull,
            do_pull,
            (),
            lines=("docker pull localhost:5000/nyappacchi:13",),
        ),
    ),
    made=made,
)
