"""What each instruction of a Dockerfile is for: a sentence and an example."""

from dataclasses import dataclass

from dockyard.dockerfile.instructions import INSTRUCTIONS
from dockyard.errors import UnknownInstruction
from dockyard.locale import N_, translate

__all__ = ["Explanation", "explain_instruction"]


@dataclass(frozen=True)
class Explanation:
    """What there is to say of one instruction.

    Attributes:
        name: The instruction.
        says: What it does, in the reader's language.
        example: One line.
    """

    name: str
    says: str
    example: str

    def __str__(self) -> str:
        return f"{self.name}: {self.says}\n{self.example}"


def explain_instruction(name: str) -> Explanation:
    """Return what an instruction does, in whatever letters it is written.

    Raises:
        UnknownInstruction: There is no such instruction.
    """
    wanted = name.strip().upper()
    if wanted not in _TEXTS:
        raise UnknownInstruction(name=name, known=", ".join(INSTRUCTIONS))
    says, example = _TEXTS[wanted]
    return Explanation(wanted, translate(says), example)


_TEXTS = {
    "FROM": (
        N_("The image to begin with. Every Dockerfile needs one; each further FROM begins a new stage."),
        "FROM httpd:2.4",
    ),
    "ADD": (
        N_("Puts files of the context into the image, and unpacks a tar archive or fetches a URL on the way."),
        "ADD page.tar.gz /usr/local/apache2/htdocs/",
    ),
    "COPY": (
        N_("Puts files and folders of the context into the image, as they are."),
        "COPY index.html /usr/local/apache2/htdocs/",
    ),
    "RUN": (
        N_("Runs a command while the image is built, and keeps what it changed as a layer."),
        "RUN mkdir -p /srv/data",
    ),
    "CMD": (
        N_("What a container runs when `docker run` names no command; only the last one counts."),
        'CMD ["httpd-foreground"]',
    ),
    "ENTRYPOINT": (
        N_("The program that a container always runs; CMD, or the words after the image's name, become its arguments."),
        'ENTRYPOINT ["echo", "hello"]',
    ),
    "ONBUILD": (
        N_("An instruction to be carried out later, when another build begins with this image."),
        "ONBUILD COPY . /usr/local/apache2/htdocs/",
    ),
    "EXPOSE": (
        N_("Notes the port on which the program listens; only `docker run -p` or -P publishes it."),
        "EXPOSE 80",
    ),
    "VOLUME": (
        N_("A folder whose data lives in a volume; without -v each container gets an unnamed one."),
        "VOLUME /data",
    ),
    "ENV": (
        N_("Sets an environment variable, for the instructions that follow and for every container."),
        "ENV LANG=C.UTF-8",
    ),
    "WORKDIR": (
        N_("The folder in which what follows, and the container's program, begins; it is made where it is missing."),
        "WORKDIR /usr/local/apache2",
    ),
    "SHELL": (
        N_("The shell that carries out commands in shell form from here on."),
        'SHELL ["/bin/sh", "-e", "-c"]',
    ),
    "LABEL": (
        N_("Notes a key and a value on the image, which `docker inspect` shows and filters find."),
        "LABEL version=1.0",
    ),
    "USER": (
        N_("The user as whom what follows, and the container's program, runs."),
        "USER www-data",
    ),
    "ARG": (
        N_("A variable for the build alone, which `docker build --build-arg` can set; containers do not see it."),
        "ARG VERSION=1.0",
    ),
    "STOPSIGNAL": (
        N_("The signal with which `docker stop` asks the program to end."),
        "STOPSIGNAL SIGWINCH",
    ),
    "HEALTHCHECK": (
        N_("A command that tells at intervals whether the container still does its work."),
        "HEALTHCHECK --interval=30s CMD wget -q -O /dev/null http://localhost/ || exit 1",
    ),
}
