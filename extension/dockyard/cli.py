"""The ``dockyard`` command."""

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from jupyter_core.paths import jupyter_path

import dockyard
import dockyard.lessons
from dockyard import cli_engine, cli_lessons, kit
from dockyard.connection import Client, connect, embedded, looks, own_engine_dir
from dockyard.connection.own import OwnEngine, why_not
from dockyard.errors import DockyardError, EngineError, NoEngine, OwnEngineFailed
from dockyard.lessons import notebooks
from dockyard.locale import LANGUAGES, N_, language, translate
from dockyard.wording import human_size

__all__ = ["main"]

LABEXTENSION = "@dockyard/labextension"  # as npm calls it
ENDS_S = 20  # its kernels are ended by then


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 not done (a sentence says why), 2 used wrongly."""
    parser = _parser()
    chosen, others = parser.parse_known_args(arguments)
    if others and chosen.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if chosen.lang:
        language(chosen.lang)
    # Whoever ends this command ends what it started: an engine of its own, and JupyterLab.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        return int(_COMMANDS[chosen.command](chosen, others))
    except DockyardError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def doctor(chosen: argparse.Namespace, _: Sequence[str]) -> int:
    """Print where an engine was looked for and what came of it."""
    taken = False
    named = ""
    for look in looks(chosen.engine):
        may_take = not (taken or named)
        if look.client:
            mark, says = (
                ("✔", f"{look.client.engine}, {look.client.engine.system}")
                if may_take
                else ("·", N_("answers too; not taken"))
            )
            taken |= may_take
        elif look.error:
            mark, says = "✘", str(look.error)
        else:
            mark, says = (
                ("▸", N_("starts when it is needed (embedded engine, no isolation)"))
                if may_take
                else ("·", N_("could be started; not needed"))
            )
            taken |= may_take
        print(f"{mark} {translate(look.place.source)}: {look.place.address}\n    {translate(says)}")
        if look.place.named and not taken:
            named = look.place.source
            print("    " + translate(N_("It is named, so no other engine is taken in its place.")))
    for name, reason in embedded.runners():
        works = translate(N_("works here"))
        print(f"    {name}: {reason or works}")
    if not (taken or named):
        reason = embedded.why_not() or translate(N_("it is not running"))
        print(f"\n{NoEngine(reason=reason)}")
    reason = why_not()
    print(
        translate(N_("An engine of its own: {state}")).format(
            state=reason or translate(N_("`dockyard lab` can start one if none is found"))
        )
    )
    print(translate(N_("JupyterLab's sidebar: {state}")).format(state=_sidebar()))
    return 0 if taken else 1


def lab(chosen: argparse.Namespace, others: Sequence[str]) -> int:
    """Open JupyterLab on the map of lessons, with an engine."""
    lessons = _notebooks(chosen.folder)
    first = f"{language()}/01_map.ipynb"
    with ExitStack() as stack:
        environment = dict(os.environ, LANGUAGE=language())
        try:
            client = _engine(chosen, stack)
            print(translate(N_("Engine: {engine}")).format(engine=client), flush=True)
            if client.source == N_(
                "url"
            ):  # what the environment names, the kernel finds by itself, certificates and all
                environment["DOCKER_HOST"] = client.address
            _prepare(client)
        except DockyardError as error:
            print(error, file=sys.stderr, flush=True)
        words = [
            sys.executable,
            "-m",
            "jupyterlab",
            f"--ServerApp.root_dir={lessons}",
            f"--LabApp.default_url=/lab/tree/{first}",
        ]
        words += ["--allow-root"] if os.geteuid() == 0 else []
        with subprocess.Popen([*words, *others], env=environment) as jupyter:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, lambda *_: _end(jupyter))
            if sys.stdin.isatty():
                signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches JupyterLab too, which asks and then ends
            return jupyter.wait()


def _end(jupyter: subprocess.Popen[bytes]) -> None:
    """Have JupyterLab end. A thread of its server's that waits for files can outlive all else, so that it would never do so by itself."""
    jupyter.terminate()
    late = threading.Timer(ENDS_S, jupyter.kill)
    late.daemon = True
    late.start()


def tour(chosen: argparse.Namespace, _: Sequence[str]) -> int:
    """Walk every lesson without a notebook."""
    with ExitStack() as stack:
        client = _engine(chosen, stack)
        print(translate(N_("Engine: {engine}")).format(engine=client), flush=True)
        _prepare(client)
        failed = dockyard.lessons.tour(client, dockyard.lessons.LESSONS, lambda line: print(line, flush=True))
    print(
        "\n" + (translate(N_("Failed steps: {n}.")).format(n=failed) if failed else translate(N_("Every step passed.")))
    )
    return 1 if failed else 0


def images(chosen: argparse.Namespace, _: Sequence[str]) -> int:
    """Prepare, bundle or load the lab's images."""
    client = connect(chosen.engine)
    if chosen.action == "prepare":
        _prepare(client, may_pull=not chosen.no_pull, bundle=chosen.bundle)
    elif chosen.action == "bundle":
        size = kit.bundle(client, chosen.file)
        print(f"{chosen.file}: {human_size(size)}")
    else:
        print("\n".join(kit.load_bundle(client, chosen.file)))
    return 0


def engine(chosen: argparse.Namespace, _: Sequence[str]) -> int:
    """Start, show, stop or remove the embedded engine."""
    return cli_engine.run(chosen)


def lessons(chosen: argparse.Namespace, _: Sequence[str]) -> int:
    """Show how far the lessons are done, or begin them anew."""
    return cli_lessons.run(chosen)


_COMMANDS = {"doctor": doctor, "lab": lab, "tour": tour, "lessons": lessons, "images": images, "engine": engine}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dockyard", description=translate(N_("A Docker lab inside Jupyter.")))
    parser.add_argument("--version", action="version", version=f"dockyard {dockyard.__version__}")
    parser.add_argument("--lang", choices=LANGUAGES, help=translate(N_("language of messages and lessons")))
    parser.add_argument(
        "--engine", metavar="URL", help=translate(N_("an engine's address; by default it is looked for"))
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help=translate(N_("where an engine was looked for, and what came of it")))
    command = commands.add_parser(
        "lab", help=translate(N_("open JupyterLab on the map of lessons; other arguments go to JupyterLab"))
    )
    command.add_argument(
        "--folder", type=Path, help=translate(N_("where the lessons' notebooks lie, or are to be copied to"))
    )
    commands.add_parser("tour", help=translate(N_("walk every lesson without a notebook; exit 1 if a step fails")))
    actions = commands.add_parser("images", help=translate(N_("the lab's images"))).add_subparsers(
        dest="action", required=True
    )
    action = actions.add_parser("prepare", help=translate(N_("make them present in the engine")))
    action.add_argument("--no-pull", action="store_true", help=translate(N_("do not try the registry")))
    action.add_argument(
        "--bundle", type=Path, metavar="FILE", help=translate(N_("take what is missing from this bundle"))
    )
    for name, text in (("bundle", N_("write them into one file")), ("load", N_("load them from such a file"))):
        actions.add_parser(name, help=translate(text)).add_argument("file", type=Path)
    cli_lessons.add_parser(commands)
    cli_engine.add_parser(commands)
    return parser


def _engine(chosen: argparse.Namespace, stack: ExitStack) -> Client:
    """The engine that is found; where none is, a private dockerd if that can be started here, else the embedded engine."""
    if why_not():
        return connect(chosen.engine)
    try:
        return connect(chosen.engine, start=False)
    except NoEngine:
        print(translate(N_("No engine found; starting one of its own.")), flush=True)
    except EngineError:
        return connect(chosen.engine)  # where none was named, the embedded engine stands in
    try:
        own = stack.enter_context(OwnEngine(own_engine_dir()))
    except OwnEngineFailed as error:
        print(error, flush=True)
        return connect(chosen.engine)
    stack.callback(print, translate(N_("Stopping the engine; its images, containers and volumes stay.")), flush=True)
    return connect(own.address)


def _prepare(client: Client, *, may_pull: bool = True, bundle: Path | None = None) -> None:
    told = ""
    for one in kit.prepare(
        client, may_pull=may_pull, bundle_file=bundle, say=lambda text: print(f"  {text}", flush=True)
    ):
        print(f"  {one if one.why != told else replace(one, why='')}", flush=True)
        told = one.why


def _sidebar() -> str:
    """Whether JupyterLab finds its part of Dockyard here, in words."""
    if any(Path(path, LABEXTENSION, "package.json").exists() for path in jupyter_path("labextensions")):
        return translate(N_("installed"))
    return translate(
        N_("not built; install Node.js 20 or newer, and Dockyard again (from a checkout: scripts/labextension)")
    )


def _notebooks(folder: Path | None) -> Path:
    """The folder with the lessons: a checkout's own, else a copy for the user, in which what they wrote is kept."""
    return (notebooks.checked_out() if folder is None else None) or notebooks.copied(folder or Path(notebooks.FOLDER))


if __name__ == "__main__":
    sys.exit(main())
