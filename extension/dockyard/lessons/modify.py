"""Lesson 7: a container changed from inside, and what a shell in place of its program does."""

from typing import Any

from dockyard.errors import engine_errors
from dockyard.lessons.lesson import Bench, Lesson, Made, Step
from dockyard.lessons.look import HTDOCS, read, require_container
from dockyard.lessons.progress import passed
from dockyard.lessons.sorting import CARDS, Sorting, container_name, sorted_keys
from dockyard.locale import N_, translate
from dockyard.tasks import Evidence, Port, Run
from dockyard.tasks.inside import run_in

__all__ = ["LESSON"]

KEY = "modify"
SERVER, SHELL, AGAIN = "apa000ex23", "apa000ex24", "apa000ex25"
PAGE = f"{HTDOCS}/inside.html"
PROGRAM = "httpd"


def check_run(bench: Bench) -> Evidence:
    """Apache is what runs in the container."""
    return _runs(bench, SERVER, PROGRAM)


def do_run(bench: Bench) -> None:
    """Start it."""
    _run(bench, SERVER)


def check_change(bench: Bench) -> Evidence:
    """A file that the image does not have was made inside; the engine lists it as added."""
    name = bench.name(SERVER)
    content, _ = read(bench, name, PAGE)
    with engine_errors(bench.client.address):
        changes = bench.client.api.diff(name) or []
    added = [each["Path"] for each in changes if each["Kind"] == 1]
    says = translate(N_("{path} holds {size} bytes; docker diff lists as added: {names}")).format(
        path=PAGE, size=len(content), names=", ".join(added[:5]) or "–"
    )
    return Evidence(PAGE in added, says)


def do_change(bench: Bench) -> None:
    """Write it by a command that runs inside."""
    run_in(bench.client, bench.name(SERVER), ["/bin/bash", "-c", f"echo '<h1>From inside</h1>' > {PAGE}"])


def check_shell(bench: Bench) -> Evidence:
    """Bash runs where Apache would."""
    found = require_container(bench, SHELL)
    evidence = _runs(bench, SHELL, "bash", instead_of=PROGRAM)
    return Evidence(evidence.ok, evidence.says, {"started": found["State"]["StartedAt"]})


def do_shell(bench: Bench) -> None:
    """Give the image another command."""
    _run(bench, SHELL, "/bin/bash")


def check_exited(bench: Bench) -> Evidence:
    """The shell has ended, and the container with it."""
    found = require_container(bench, SHELL)
    says = translate(N_("{name} is {state}, with exit code {code}.")).format(
        name=bench.name(SHELL), state=found["State"]["Status"], code=found["State"]["ExitCode"]
    )
    return Evidence(found["State"]["Status"] == "exited" and _command(found)[:1] == ["/bin/bash"], says)


def do_exited(bench: Bench) -> None:
    """End it as a lost terminal does."""
    with engine_errors(bench.client.address):
        bench.client.api.kill(bench.name(SHELL), "SIGHUP")
        bench.client.api.wait(bench.name(SHELL))


def check_again(bench: Bench) -> Evidence:
    """Started again, it is a shell again: a container keeps the command that it was made with."""
    first = passed(bench.client.data_dir, KEY, "shell")
    found = require_container(bench, SHELL)
    if first is None or found["State"]["StartedAt"] == first["facts"]["started"]:
        return Evidence(False, translate(N_("The container has not been started again yet.")))
    return _runs(bench, SHELL, "bash", instead_of=PROGRAM)


def do_again(bench: Bench) -> None:
    """Start it again."""
    with engine_errors(bench.client.address):
        bench.client.api.start(bench.name(SHELL))


def check_own_program(bench: Bench) -> Evidence:
    """A container of the same image that was given no command runs the image's own."""
    return _runs(bench, AGAIN, PROGRAM, instead_of="bash")


def do_own_program(bench: Bench) -> None:
    """Run the image with its own command."""
    _run(bench, AGAIN)


def check_sorted(bench: Bench) -> Evidence:
    """Every command was put where it belongs, and has run there."""
    done = sorted_keys(bench.client.data_dir)
    says = translate(N_("{done} of {all} commands are sorted, and each of these was run where it belongs."))
    return Evidence(len(done) == len(CARDS), says.format(done=len(done), all=len(CARDS)))


def do_sorted(bench: Bench) -> None:
    """Put each where it belongs."""
    with Sorting(bench.client, bench.mark) as sorting:
        for card in sorting.left:
            sorting.answer(card, card.place)


def made(bench: Bench) -> Made:
    """The lesson's containers, and that of its exercise."""
    return Made(containers=(SERVER, SHELL, AGAIN, container_name(bench.client)))


def _run(bench: Bench, name: str, *words: str) -> None:
    ports = () if words else (Port(80),)
    with_terminal = bool(words)
    Run(
        "httpd", words, name=bench.name(name), detach=True, interactive=with_terminal, tty=with_terminal, ports=ports
    ).run(bench.client)


def _command(container: dict[str, Any]) -> list[str]:
    return [container["Path"], *container["Args"]]


def _runs(bench: Bench, name: str, program: str, *, instead_of: str = "") -> Evidence:
    found = require_container(bench, name)
    if not found["State"]["Running"]:
        return Evidence(False, translate(N_("{name} is not running.")).format(name=bench.name(name)))
    with engine_errors(bench.client.address):
        top = bench.client.api.top(bench.name(name))
    at = top["Titles"].index("CMD")
    lines = [row[at] for row in top["Processes"]]
    ok = any(program in each for each in lines) and not (instead_of and any(instead_of in each for each in lines))
    says = translate(N_("The processes of {name}: {lines}")).format(
        name=bench.name(name), lines=", ".join(dict.fromkeys(lines))
    )
    return Evidence(ok, says)


LESSON = Lesson(
    key=KEY,
    number=7,
    title=N_("Change a container from inside"),
    about=N_("A shell in it, and which commands belong where."),
    steps=(
        Step(
            "run",
            N_("Run Apache as apa000ex23 and look at its processes"),
            check_run,
            do_run,
            (),
            lines=("docker run --name apa000ex23 -d -p 8094:80 httpd",),
        ),
        Step(
            "change",
            N_("Make inside.html in its document folder by a command that runs inside"),
            check_change,
            do_change,
            (
                N_("docker exec runs a command in a container that runs already."),
                N_("The file is /usr/local/apache2/htdocs/inside.html. In the shell: echo hello > htdocs/inside.html"),
            ),
        ),
        Step(
            "shell",
            N_("Run the image with /bin/bash instead, as apa000ex24, and look at its processes"),
            check_shell,
            do_shell,
            (N_("What stands behind the image's name replaces the image's own command."),),
            lines=("docker run --name apa000ex24 -dit httpd /bin/bash",),
        ),
        Step(
            "exit",
            N_("Leave that shell with exit, and see what becomes of the container"),
            check_exited,
            do_exited,
            (
                N_("A container lives as long as its first process."),
                N_(
                    "Type exit in the shell of apa000ex24 that docker attach opens, or end it: docker kill -s HUP apa000ex24"
                ),
            ),
        ),
        Step(
            "again",
            N_("Start apa000ex24 again and look at its processes"),
            check_again,
            do_again,
            (N_("docker start takes no command: the container keeps its own."),),
            lines=("docker start apa000ex24",),
        ),
        Step(
            "own-program",
            N_("Run the image once more without a command, as apa000ex25: Apache again"),
            check_own_program,
            do_own_program,
            (N_("Another command needs another container."),),
            lines=("docker run --name apa000ex25 -d -p 8095:80 httpd",),
        ),
        Step(
            "sort",
            N_("Sort the commands: which go to the engine, which inside?"),
            check_sorted,
            do_sorted,
            (
                N_("dockyard.panels.sorter() shows them, one at a time."),
                N_("Ask of each: who knows the answer, the engine or what is in the container?"),
            ),
        ),
    ),
    made=made,
)
