"""The exercise of lesson 7: which commands go to the engine, and which inside a container. Each is run where it belongs, and what it prints is kept.

What is sorted rightly stays so on this machine, until the lesson is begun anew: see :mod:`dockyard.lessons.progress`.
"""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dockyard.command import line
from dockyard.connection import Client
from dockyard.errors import DockyardError, engine_errors
from dockyard.lessons.progress import begin_anew, done_steps, remember
from dockyard.lines import do
from dockyard.locale import N_
from dockyard.tables import Table
from dockyard.tasks import Change, Evidence, Result
from dockyard.tasks.base import NEVER, Cancel, Report, ignore
from dockyard.tasks.inside import run_in
from dockyard.tasks.pull import has_image, pull
from dockyard.tasks.record import off_record

__all__ = [
    "CARDS",
    "FAMILIES",
    "Answer",
    "Card",
    "Distribution",
    "Family",
    "Place",
    "Sorting",
    "container_name",
    "sorted_keys",
]

LESSON = "modify"
IMAGE = "httpd"
HTDOCS = "/usr/local/apache2/htdocs"
PAGE = "page.html"
Place = Literal["engine", "inside"]


@dataclass(frozen=True)
class Card:
    """One command to be sorted.

    Attributes:
        key: What it is called in code.
        aim: What one wants, in English, as it stands in the catalogues.
        text: The command; the word ``docker`` of an engine's command is left out. ``{name}`` stands for the container, ``{page}`` for a file.
        place: Where it belongs.
        why: Likewise in English.
        columns: Which columns of its table are shown.
    """

    key: str
    aim: str
    text: str
    place: Place
    why: str
    columns: tuple[str, ...] = ()


CARDS: tuple[Card, ...] = (
    Card("files", N_("See which files the web server's folder has"), f"ls -l {HTDOCS}", "inside", N_("The files are the container's; ls is a program in it.")),
    Card("containers", N_("See which containers there are"), "ps -a", "engine", N_("Only the engine knows all containers. Inside one, ps lists the processes of that one."), ("name", "image", "state")),
    Card("version", N_("Ask Apache for its version"), "httpd -v", "inside", N_("Apache is a program in the container; the engine does not know what an image's software is.")),
    Card("copy", N_("Bring a file of this machine into the container"), f"cp {{page}} {{name}}:{HTDOCS}/", "engine", N_("It goes over the border. From inside, this machine's files can't be seen.")),
    Card("distribution", N_("See which distribution the image was made from"), "cat /etc/os-release", "inside", N_("It is a file in the container.")),
    Card("logs", N_("See what the container has printed"), "logs {name}", "engine", N_("What the first process prints goes to the engine, which keeps it.")),
    Card("write", N_("Write a page by hand"), f"echo Hello > {HTDOCS}/hello.html", "inside", N_("The file lies in the container, and > is done by the shell there.")),
    Card("diff", N_("See which files are no longer as in the image"), "diff {name}", "engine", N_("The image is the engine's; a container does not know what it was made from."), ("kind", "path")),
    Card("delete", N_("Delete the page that was written by hand"), f"rm -f {HTDOCS}/hello.html", "inside", N_("rm inside deletes files. The engine has an rm too, which removes containers.")),
    Card("volumes", N_("See which volumes there are"), "volume ls", "engine", N_("Volumes are the engine's; a container sees a folder where one is mounted."), ("name", "driver")),
    Card("check", N_("Have Apache check its configuration"), "httpd -t", "inside", N_("The configuration is a file in the container, and its program reads it.")),
    Card("restart", N_("Stop the container and start it again"), "restart -t 0 {name}", "engine", N_("A container that is stopped runs nothing, so it can't start itself.")),
)  # fmt: skip


@dataclass(frozen=True)
class Family:
    """A family of distributions, and how software is installed there.

    Attributes:
        name: In English, as it stands in the catalogues.
        members: Distributions of it.
        manager: Its package manager's program.
        install: A line that installs an editor.
        ids: What its members call themselves (os-release, ``ID`` and ``ID_LIKE``).
    """

    name: str
    members: str
    manager: str
    install: str
    ids: tuple[str, ...]


FAMILIES: tuple[Family, ...] = (
    Family(N_("Debian family"), "Debian, Ubuntu", "apt-get", "apt-get update && apt-get install -y vim", ("debian", "ubuntu")),
    Family(N_("Red Hat family"), "Fedora, RHEL, Rocky Linux", "dnf", "dnf install -y vim", ("fedora", "rhel", "centos")),
    Family("Alpine", "Alpine Linux", "apk", "apk add vim", ("alpine",)),
    Family("SUSE", "openSUSE, SLES", "zypper", "zypper install -y vim", ("suse", "opensuse")),
    Family("Arch", "Arch Linux", "pacman", "pacman -Sy --noconfirm vim", ("arch",)),
)  # fmt: skip


@dataclass(frozen=True)
class Distribution:
    """What a container says of itself.

    Attributes:
        name: Such as ``Debian GNU/Linux 13 (trixie)``; empty where it does not say.
        family: Which it is of, of :data:`FAMILIES`; None where that is not known.
        managers: The package managers whose programs it really has.
    """

    name: str
    family: Family | None
    managers: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What came of an answer.

    Attributes:
        card: What was sorted.
        given: Where it was put.
        line: What was run where it belongs.
        output: What that printed.
        changes: What it changed, where it was a task.
        worked: Whether it ended well there.
        wrong_line, wrong_output: The same where it was put, if that was the wrong place.
    """

    card: Card
    given: Place
    line: str
    output: str
    changes: tuple[Change, ...]
    worked: bool
    wrong_line: str = ""
    wrong_output: str = ""

    @property
    def is_right(self) -> bool:
        """Whether it was put where it belongs."""
        return self.given == self.card.place


@dataclass(frozen=True)
class _Ran:
    line: str
    output: str
    changes: tuple[Change, ...] = ()
    worked: bool = True


class Sorting:
    """The exercise on an engine. Its container is made when it is first needed; leaving the block, or :meth:`close`, removes it.

    Nothing of it is on record in the journal.
    """

    def __init__(self, client: Client, mark: str = "") -> None:
        """Take the exercise up.

        Args:
            client: The engine.
            mark: Put after the container's name, for a tour.
        """
        self.client = client
        self.name = container_name(client) + mark

    def __enter__(self) -> "Sorting":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def left(self) -> list[Card]:
        """The cards that are still to be sorted, in order."""
        done = sorted_keys(self.client.data_dir)
        return [card for card in CARDS if card.key not in done]

    def text(self, card: Card) -> str:
        """A card's command as it is shown."""
        return card.text.format(name=self.name, page=PAGE)

    def answer(self, card: Card, given: Place, *, report: Report = ignore, cancel: Cancel = NEVER) -> Answer:
        """Run a command where it belongs, and where it was put if that is another place; remember what is right.

        Args:
            card: Which one.
            given: Where it was put.
            report: Told how far a pull has come, where there is no image yet.
            cancel: Looked at meanwhile.

        Raises:
            DockyardError: The exercise's container can't be run.
        """
        self._require_container(report, cancel)
        with off_record():
            ran = self._run(card, card.place)
            wrong = None if given == card.place else self._run(card, given)
        if wrong:
            return Answer(card, given, ran.line, ran.output, ran.changes, ran.worked, wrong.line, wrong.output)
        if ran.worked:
            remember(self.client.data_dir, LESSON, _step(card), Evidence(True, ran.line, {"place": given}))
        return Answer(card, given, ran.line, ran.output, ran.changes, ran.worked)

    def distribution(self) -> Distribution:
        """Ask the container what it is made from, and which package managers it has.

        Raises:
            DockyardError: The exercise's container can't be run.
        """
        self._require_container(ignore, NEVER)
        _, told = run_in(self.client, self.name, ["cat", "/etc/os-release"])
        said = dict(pair.partition("=")[::2] for pair in told.splitlines() if "=" in pair)
        ids = {word.strip('"') for key in ("ID", "ID_LIKE") for word in said.get(key, "").split()}
        looks = "; ".join(f"command -v {family.manager} && echo has {family.manager}" for family in FAMILIES)
        _, found = run_in(self.client, self.name, ["sh", "-c", looks])
        return Distribution(
            said.get("PRETTY_NAME", "").strip('"'),
            next((family for family in FAMILIES if ids & set(family.ids)), None),
            tuple(each.removeprefix("has ") for each in found.splitlines() if each.startswith("has ")),
        )

    def begin_anew(self) -> None:
        """Forget what is sorted."""
        begin_anew(self.client.data_dir, LESSON, [_step(card) for card in CARDS])

    def close(self) -> None:
        """Remove the container, if there is one."""
        if self._found() is not None:
            with engine_errors(self.client.address):
                self.client.api.remove_container(self.name, force=True, v=True)

    def _found(self) -> Mapping[str, Mapping[str, object]] | None:
        found: Mapping[str, Mapping[str, object]] | None = self.client.find_json("/containers/{}/json", self.name)
        return found

    def _require_container(self, report: Report, cancel: Cancel) -> None:
        found = self._found()
        if found and found["State"]["Running"] and not found["State"]["Paused"]:
            return
        self.close()
        if not has_image(self.client, IMAGE):
            pull(self.client, IMAGE, report=report, cancel=cancel)
        with engine_errors(self.client.address):
            self.client.api.create_container_from_config({"Image": IMAGE}, self.name)  # type: ignore[no-untyped-call]  # docker-py types little
            self.client.api.start(self.name)

    def _run(self, card: Card, place: Place) -> _Ran:
        text = self.text(card)
        if place == "inside":
            text = f"docker {text}" if card.place == "engine" else text
            code, output = run_in(self.client, self.name, ["sh", "-c", text])
            return _Ran(line("docker", "exec", self.name, "sh", "-c", text), output, worked=code == 0)
        shown = f"docker {text}"
        with tempfile.TemporaryDirectory(prefix="dockyard-sorter-") as folder:
            page = Path(folder) / PAGE
            page.write_text("<h1>From this machine</h1>\n", "utf-8")
            try:
                done = do(card.text.format(name=self.name, page=line(str(page))), self.client)
            except DockyardError as error:
                return _Ran(shown, str(error), worked=False)
        if isinstance(done, Result):
            return _Ran(shown, "", done.changes)
        return _Ran(shown, _as_text(done, card.columns))


def sorted_keys(data_dir: Path) -> set[str]:
    """Return the keys of the cards that are sorted, and that were run where they belong."""
    done = done_steps(data_dir, LESSON)
    return {card.key for card in CARDS if _step(card) in done}


def container_name(client: Client) -> str:
    """Return what the exercise's container is called: the same for all who have one data folder, so that nothing adds up where a kernel was killed."""
    return f"dockyard-sorter-{hashlib.sha256(str(client.data_dir).encode()).hexdigest()[:8]}"


def _step(card: Card) -> str:
    """What a card is called among the steps of the lesson."""
    return f"sort/{card.key}"


def _as_text(done: Table | str, columns: Sequence[str]) -> str:
    if isinstance(done, str):
        return done
    return str(done[list(columns)].to_string(index=False)) if len(done) else ""
