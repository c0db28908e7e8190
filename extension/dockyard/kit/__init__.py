"""The lab images: present in the engine, else pulled, else from a bundle, else built from the distribution's packages."""

import errno
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from dockyard.connection import Client
from dockyard.errors import BundleBroken, NoSuchImage, TargetUnwritable
from dockyard.kit.bundle import load_bundle, save_bundle
from dockyard.kit.layers import Layer, write_images
from dockyard.kit.packages import fetch
from dockyard.kit.recipes import RECIPES
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Progress
from dockyard.tasks.pull import has_image, pull

__all__ = ["LAB_IMAGES", "Prepared", "bundle", "load_bundle", "prepare"]

LAB_IMAGES = tuple(RECIPES)
BUILD_VERSION = 2  # raised when a recipe changes, so that what was built before is not used again


@dataclass(frozen=True)
class Prepared:
    """How a lab image came to be in the engine.

    Attributes:
        name: Such as ``httpd``.
        how: ``present``, ``pulled``, ``bundle`` or ``built``.
        why: Why the ways before were not taken; empty where none was tried.
    """

    name: str
    how: Literal["present", "pulled", "bundle", "built"]
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {translate(_HOW[self.how])}" + (f" ({self.why})" if self.why else "")


_HOW = {
    "present": N_("present"),
    "pulled": N_("pulled"),
    "bundle": N_("from the bundle"),
    "built": N_("built from packages"),
}


def prepare(
    client: Client,
    names: Iterable[str] = LAB_IMAGES,
    *,
    may_pull: bool = True,
    bundle_file: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[Prepared]:
    """Make the lab images present in the engine, each by the first way that works.

    Args:
        client: The engine.
        names: Which of :data:`LAB_IMAGES`.
        may_pull: Whether to try the registry.
        bundle_file: A file made by :func:`bundle`, for what can't be pulled.
        say: Told each step in words.

    Raises:
        PackagesUnavailable: No way worked; the sentence says why.
    """
    done: dict[str, Prepared] = {name: Prepared(name, "present") for name in names if has_image(client, name)}
    missing = [name for name in names if name not in done]
    why = ""
    for name in missing:
        if not may_pull or why:
            break  # a registry that can't be reached for one can't for the next
        say(translate(N_("pulling {name}")).format(name=name))
        try:
            pull(client, name, report=_silent, cancel=NEVER)
            done[name] = Prepared(name, "pulled")
        except NoSuchImage as error:
            why = str(error.facts["reason"])
    if bundle_file and any(name not in done for name in missing):
        load_bundle(client, bundle_file)
        done |= {
            name: Prepared(name, "bundle", why) for name in missing if name not in done and has_image(client, name)
        }
    if unbuilt := [name for name in missing if name not in done]:
        build(client, unbuilt, say)
        done |= {name: Prepared(name, "built", why) for name in unbuilt}
    return [done[name] for name in names]


def bundle(client: Client, target: Path) -> int:
    """Prepare the lab images and write them into one file; return its size in bytes."""
    if not target.resolve().parent.is_dir():
        raise TargetUnwritable(path=str(target), reason=os.strerror(errno.ENOENT))
    prepare(client)
    return save_bundle(client, [f"{name}:latest" for name in LAB_IMAGES], target)


def build(client: Client, names: list[str], say: Callable[[str], None], home: Path | None = None) -> None:
    """Build lab images from packages, or take what was built before, and load them into the engine."""
    home = home or Path(platformdirs.user_cache_dir("dockyard")) / f"images-{BUILD_VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    needed = list(dict.fromkeys(base for name in names for base in (RECIPES[name].base, name) if base))
    archive = home / f"{'-'.join(sorted(names))}.tar"
    if not archive.exists():
        say(translate(N_("building from packages: {names}")).format(names=", ".join(needed)))
        with ThreadPoolExecutor() as pool:
            layers = dict(zip(needed, pool.map(lambda name: _layer(name, home), needed), strict=True))
        images = {
            RECIPES[name].reference: (
                [layers[each] for each in (RECIPES[name].base, name) if each],
                RECIPES[name].config,
            )
            for name in names
        }
        write_images(archive, images)
        for layer in layers.values():
            layer.path.unlink()
    say(translate(N_("loading: {names}")).format(names=", ".join(names)))
    try:
        load_bundle(client, archive)
    except BundleBroken:
        archive.unlink()  # damaged since it was built; it is built anew the next time
        raise


def _layer(name: str, home: Path) -> Layer:
    recipe = RECIPES[name]
    files = fetch(name, recipe.packages, home / "apt" / name)
    return recipe.build(files, home / f"{name}.layer")


def _silent(progress: Progress) -> None:
    """The steps are told by ``say``."""
