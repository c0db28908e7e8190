"""The same builds by Docker's classic builder and by this one: the same words, the same configuration, the same history, the same files."""

import gzip
import io
import json
import re
import tarfile
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
from docker.errors import APIError

from builds import Files, Yard, header, tar
from dockyard.engine.errors import ApiError
from dockyard.engine.images.archive import save
from dockyard.engine.images.reference import Reference

pytestmark = pytest.mark.engine

NAME = "dockyard-build"

INNER = tar({"x/y": "hello", "x/z": "q"})

WHOLE = """ARG V=latest
FROM BASE:$V AS base
ARG X=1
ARG Y
ENV A=b PATH=/x:$PATH C="d e" D=f\\ g
ENV OLD style value $A
LABEL a=b "c d"="e f" multi="x \\
y"
MAINTAINER me <a@b>
RUN echo $X
RUN ["/bin/echo","$X"]
COPY a.txt b* /dst/
COPY --chown=1:2 dir /dir
ADD t.tar /t/
ADD a.txt t.tar.gz /t2/
WORKDIR /w
WORKDIR sub/$A
EXPOSE 80 90/udp 100-102
VOLUME /data /d2
VOLUME ["/d3"]
USER 1000:1000
SHELL ["/bin/sh","-ec"]
RUN echo $A-$X-$Y $HTTP_PROXY
CMD echo "hi" $A
ENTRYPOINT ["top", "-b"]
STOPSIGNAL SIGKILL
HEALTHCHECK --interval=5s --timeout=3m --retries=3 --start-period=1h CMD curl x || exit 1
ONBUILD RUN echo trigger
ONBUILD COPY a.txt /
FROM base
RUN true
"""

FILES = {
    "a.txt": "A",
    "b1": "1",
    "b2": "2",
    "dir/f": "f",
    "dir/sub/g": "g",
    "t.tar": INNER,
    "t.tar.gz": gzip.compress(INNER),
    "lnk": header(tarfile.SYMTYPE, link="a.txt"),
    "out": header(tarfile.SYMTYPE, link="/etc"),
    "closed": header(tarfile.DIRTYPE, mode=0o700),
    "closed/in": header(tarfile.DIRTYPE, mode=0o711, uid=77),
    "closed/in/f": "1",
}

# One instruction or more after FROM, each an image of its own.
AFTER_FROM = """
ENV|ENV a|ENV a=b c|ENV =b|ENV a=|ENV a=b=c d='e f' g="h $PATH" i=\\$x|ENV a b  c|ENV x ${y:-else} ${y:+no}${PATH:+yes}
ENV x ${}|ENV x="${y:?bad}"|ENV x="abc|ENV x='abc|ENV x=$|ENV x=${A}b$1
LABEL|LABEL a|LABEL a=b c="d e"|LABEL a b c
ARG|ARG a b=c|ARG a=b c=d|ARG =x|ARG a=$PATH
EXPOSE|EXPOSE x|EXPOSE 99999|EXPOSE 80-82 90/udp 70/foo|EXPOSE 90/UDP 80/tcp 81|EXPOSE 8080:80
USER|USER a b|USER $HOME|WORKDIR|WORKDIR ""|WORKDIR "/a b"|WORKDIR a\\nWORKDIR ../b|WORKDIR /bin/sh|WORKDIR /tmp|WORKDIR /q/
VOLUME|VOLUME []|VOLUME [""]|VOLUME [1]|VOLUME $A/x /y/|VOLUME /tmp\\nRUN touch /tmp/x; touch /w
CMD|CMD []|CMD [1]|CMD x y|CMD ["x", "y z"]|CMD ["x" "y"]|CMD [\\'x\\']
ENTRYPOINT|ENTRYPOINT []|ENTRYPOINT x y|CMD x\\nENTRYPOINT y|CMD ["x"]\\nENTRYPOINT ["y"]\\nCMD z
SHELL|SHELL foo|SHELL []|SHELL ["/bin/sh", "-xc"]\\nCMD a
STOPSIGNAL|STOPSIGNAL foo|STOPSIGNAL 9 9|STOPSIGNAL SIGKILL|STOPSIGNAL 100|STOPSIGNAL 0|STOPSIGNAL term
HEALTHCHECK|HEALTHCHECK NONE|HEALTHCHECK NONE x|HEALTHCHECK FOO|HEALTHCHECK CMD|HEALTHCHECK --interval=5 CMD x|HEALTHCHECK --interval=5ns CMD x
HEALTHCHECK --retries=0 CMD x|HEALTHCHECK --retries=x CMD x|HEALTHCHECK --foo=x CMD x|HEALTHCHECK --interval CMD x|HEALTHCHECK --interval=1.5h CMD x
HEALTHCHECK --retries=17 CMD ["a","b"]\\nHEALTHCHECK --timeout=90s CMD z|HEALTHCHECK --interval=500ms cmd x|HEALTHCHECK --interval=x CMD y
ONBUILD|ONBUILD ONBUILD RUN x|ONBUILD FROM x|ONBUILD MAINTAINER x|ONBUILD FOO x|ONBUILD RUN echo  a  b|onbuild copy a.txt /
RUN|RUN false|RUN exit 3|RUN ["nope"]|RUN ["/nope"]|RUN echo err >&2|RUN []|RUN --foo echo a|RUN printf a|run echo hi
RUN echo a \\\\\\n  && echo b \\\\\\n  # no\\n  && echo c|RUN echo a \\\\\\n\\n  b|RUN pwd; echo $HOME|RUN cd /nope; true
USER 33\\nRUN id|USER web\\nRUN id; echo $HOME|USER web:staff\\nRUN id|USER nosuch\\nRUN id|USER 0:nosuch\\nRUN id|WORKDIR /new\\nRUN pwd
COPY|COPY x|COPY x /|COPY x* /|COPY ../x /|COPY a.txt|COPY a.txt b1|COPY a.txt b1 x|COPY a.txt b1 x/|COPY a.txt $NO/y|COPY dir /bin/sh
COPY --chown=nobody a.txt /|COPY --chown=xx a.txt /|COPY --chown=1:2:3 a.txt /|COPY --chown=0:xx a.txt /|COPY --chown=web a.txt /|COPY --chown=web:staff dir /q/w
COPY --foo a.txt /|COPY http://x/y /|COPY [1]|COPY ["a.txt","/a b"]|COPY "" /all|COPY $NO /all|COPY lnk /a|COPY lnk /b/|COPY out /o|COPY dir/.. /all
COPY b[12] /bc/|COPY b[^1] /bd|COPY */f /be/|COPY d*/f /bf|COPY b? /bg|COPY a.txt /tmp|COPY closed /c|COPY --chown=9 closed /tmp|COPY --chown=9 closed /n/m
COPY . /c/|COPY ./dir /c|COPY /dir/ /c/|WORKDIR /q\\nCOPY a.txt s/t/|COPY dir /c\\nCOPY a.txt /c/f\\nCOPY b1 /c/sub|USER 5\\nCOPY a.txt /u
RUN mkdir /l && ln -s /l /m && ln -s /nope /d\\nCOPY dir /m\\nCOPY a.txt /m/\\nCOPY a.txt /d|RUN mkdir -p /r/sub && ln -s /tmp /r/lnk\\nCOPY dir /r
ADD|ADD a.txt /x|ADD t.tar /t|ADD t.tar.gz /t|ADD t.tar t.tar.gz /t/|ADD --chown=3 t.tar /t|ADD a.txt t.tar /bin/sh|ADD --from=1 a.txt /|ADD dir /d
MAINTAINER|MAINTAINER a b|FOO bar|RUN rm -r /tmp && mkdir /tmp && chmod 700 /etc && touch /etc/passwd
"""

WHOLE_FILES = [
    "",
    "# hi\n",
    "RUN foo\n",
    "FROM BASE\n",
    "from BASE as x\n",
    "FROM\n",
    "FROM a b\n",
    "FROM a AS 1\n",
    "FROM scratch\n",
    "FROM scratch\nENV a=b\n",
    "FROM scratch\nCOPY a.txt /\nWORKDIR /x\nUSER b\n",
    "FROM scratch\nRUN b\n",
    "FROM Upper\n",
    "FROM BASE:\n",
    "ARG X\nFROM $X\n",
    "ARG X=BASE\nARG Y=${X}:latest\nFROM $Y\nARG X\nRUN echo $X $Y\n",
    "FROM BASE AS a\nFROM BASE AS a\n",
    "FROM BASE AS a\nCOPY --from=a /bin/sh /x\n".replace("from=a", "from=7"),
    "FROM BASE AS b1\nRUN mkdir /z && chown 5:6 /z && touch /z/a && chown 7 /z/a\nFROM BASE\n"
    "COPY --from=B1 /z /f\nCOPY --from=b1 /z/a /g/\nCOPY --from=0 --chown=3 /z /h\nCOPY --from=BASE /etc /e\n",
    "FROM BASE\nCOPY --from=BASE /nope /x\n",
    "FROM BASE\nCOPY --from=Zz /nope /x\n",
    "FROM BASE\nARG X\nRUN echo $X\nENV X=5\nRUN echo $X\nARG X=9\nRUN echo $X\nARG ZZ=$X-q\nRUN echo $ZZ\n",
    "FROM BASE\nARG HTTP_PROXY\nRUN echo $HTTP_PROXY $no_proxy\n",
    "# escape=`\nFROM BASE\nRUN echo a `\n  b\nENV x=a`$b\n",
    "# escape=x\nFROM BASE\n",
    "# syntax=foo\n# escape=`\n# escape=`\nFROM BASE\n",
    "FROM BASE\nRUN echo \\\\\nRUN echo x\n",
    "FROM BASE\nRUN echo a \\",
    "FROM BASE\r\nRUN echo a\r\n",
    "\ufeffFROM BASE\n  RUN echo indented\n",
    "FROM BASE AS one\nRUN echo 1\nFROM BASE AS two\nRUN echo 2\nFROM one\nRUN echo 3\n",
    "FROM BASE AS p\nONBUILD RUN echo t\nFROM p\nENV a=b\n",
    "FROM BASE AS p\nONBUILD FOO x\nFROM p\n",
    "FROM --platform=foo BASE\n",
]


@pytest.fixture(scope="module")
def compare(docker_address: str, shared_yard: Yard) -> Iterator[Callable[..., None]]:
    """Builds with both and compares."""
    client = docker.DockerClient(base_url=docker_address, version="1.41")
    base = f"{NAME}-{uuid.uuid4().hex[:8]}"
    archive = _Archive()
    save(shared_yard.images, ["busybox:latest"], archive)
    (loaded,) = client.images.load(archive.content())
    assert loaded.tag(base)
    made = [base]
    shared_yard.images.tag(shared_yard.images.resolve("busybox"), Reference.parse(base))

    def check(files: Files, **query: Any) -> None:
        name = f"{base}-{uuid.uuid4().hex[:6]}"
        query = {
            key: {inner: each.replace("BASE", base) for inner, each in value.items()}
            if isinstance(value, dict)
            else value
            for key, value in query.items()
        }
        theirs = _theirs(client, _renamed(files, base), name, query)
        made.append(name)
        mine = _mine(shared_yard, _renamed(files, base), name, query)
        assert _said(mine) == _said(theirs)
        if not isinstance(mine, str) and "error" not in mine[-1]:
            _same_image(client, shared_yard, name)
            if re.search("COPY|ADD|RUN|WORKDIR", str(list(files.values()))):
                _same_files(client, shared_yard, name)

    yield check
    for name in reversed(made):
        try:
            client.images.remove(name, force=True)
        except APIError:
            continue  # a build that failed has no image
    client.close()


def _cases() -> list[str]:
    lines = [case for line in AFTER_FROM.strip().splitlines() for case in line.split("|") if case]
    return [case.replace("\\\\\\n", "\\\n").replace("\\n", "\n").replace("\\'", "'") for case in lines]


CASES = _cases()


@pytest.mark.parametrize("text", CASES)
def test_an_instruction_gives_what_it_gives_under_docker(compare: Callable[..., None], text: str) -> None:
    compare({**FILES, "Dockerfile": f"FROM BASE\n{text}\n"})


@pytest.mark.parametrize("text", WHOLE_FILES)
def test_a_dockerfile_gives_what_it_gives_under_docker(compare: Callable[..., None], text: str) -> None:
    compare({**FILES, "Dockerfile": text}, buildargs={"X": "BASE", "HTTP_PROXY": "http://p"})


def test_every_instruction_at_once_gives_the_same_image_twice(compare: Callable[..., None]) -> None:
    for _ in range(2):
        compare(
            {**FILES, "Dockerfile": WHOLE}, buildargs={"Y": "2", "HTTP_PROXY": "http://p"}, labels={"z": '9 "', "a": ""}
        )


@pytest.mark.parametrize(
    ("files", "query"),
    [
        ({"x": ""}, {}),
        ({"x": ""}, {"dockerfile": "Foo"}),
        ({"Dockerfile": "FROM BASE\n"}, {"dockerfile": "../x"}),
        ({"dockerfile": "FROM BASE\n"}, {}),
        ({"sub/D": "FROM BASE\nCOPY sub/D /\n"}, {"dockerfile": "sub/D"}),
        ({"Dockerfile": "FROM BASE\nENV a=b\n"}, {"q": "1"}),
        ({"Dockerfile": "FROM BASE\nRUN false\n"}, {"q": "1"}),
        ({"Dockerfile": "FROM BASE\nENV q=b\nRUN exit 2\n"}, {"rm": "0"}),
        ({"Dockerfile": "FROM BASE\nENV q=c\nRUN exit 2\n"}, {"rm": "1", "forcerm": "1"}),
        ({"Dockerfile": "FROM BASE\nRUN echo 1\n"}, {"networkmode": "nope"}),
        ({"Dockerfile": "FROM BASE\nRUN echo 1\n"}, {"version": "3"}),
        ({"Dockerfile": "FROM BASE\nRUN echo 1\n"}, {"squash": "1"}),
        ({"Dockerfile": "FROM BASE\nRUN echo 1\n"}, {"target": "nope"}),
        ({"Dockerfile": "FROM BASE AS a\nRUN echo 1\nFROM BASE\nRUN echo 2\n"}, {"target": "A"}),
        ({"Dockerfile": "FROM BASE\nCOPY . /c/\n", ".dockerignore": "Dockerfile\n.dockerignore\n", "q": "1"}, {}),
        ({"Dockerfile": "FROM BASE\nENV a=b\n"}, {"nocache": "1"}),
    ],
)
def test_a_request_is_taken_as_docker_takes_it(
    compare: Callable[..., None], files: Files, query: dict[str, Any]
) -> None:
    compare(files, **query)


class _Archive:
    """Where an archive is written to."""

    def __init__(self) -> None:
        self._file = io.BytesIO()

    def write(self, data: bytes, /) -> None:
        self._file.write(data)

    def send_file(self, file: io.FileIO, offset: int, count: int) -> None:
        file.seek(offset)
        self._file.write(file.read(count))

    def content(self) -> bytes:
        return self._file.getvalue()


def _renamed(files: Files, base: str) -> Files:
    return {
        name: content.replace("BASE", base)
        if isinstance(content, str) and name.lower().endswith(("file", "/d"))
        else content
        for name, content in files.items()
    }


def _theirs(client: docker.DockerClient, files: Files, name: str, query: dict[str, Any]) -> Any:
    words = {key: value if isinstance(value, str) else json.dumps(value) for key, value in query.items()}
    api = client.api
    answer = api.post(
        api._url("/build"),
        data=tar(files),
        params={"t": name, **words},
        headers={"Content-Type": "application/x-tar"},
        timeout=120,
    )
    if answer.status_code != 200:
        return f"{answer.status_code} {answer.json()['message']}"
    return [json.loads(line) for line in answer.text.splitlines() if line.strip()]


def _mine(yard: Yard, files: Files, name: str, query: dict[str, Any]) -> Any:
    built: list[Any] = []
    try:
        yard.attempt(files, built, t=name, **query)
    except ApiError as error:
        message = str(error)
        if not built:
            return f"{error.status} {message}"
        code = {"code": error.code} if hasattr(error, "code") else {}
        built.append({"errorDetail": {**code, "message": message}, "error": message})
    return built


def _said(answer: Any) -> str:
    """An answer's words without what differs each time."""
    if isinstance(answer, str):
        return answer
    text = "".join(
        str(record["stream"]) if "stream" in record else json.dumps(record, sort_keys=True) + "\n" for record in answer
    )
    text = re.sub(r"\x1b\[\d+m", "", text)
    text = re.sub(r"\b[0-9a-f]{12}\b|sha256:[0-9a-f]{64}", "ID", text)
    # Where an engine's own parts are named, or where it looks for what is not there, the words are its own.
    text = re.sub(
        r"failed to create shim task: OCI runtime create failed: runc create failed: |: unknown(?=\")", "", text
    )
    return re.sub(r"/\S*/overlay2/[0-9a-f]+/merged", "", text)


def _same_image(client: docker.DockerClient, yard: Yard, name: str) -> None:
    theirs, mine = client.api.inspect_image(name), yard.images.inspect(name)
    for each in (theirs["Config"], mine["Config"]):
        each.pop("Image")
    assert mine["Config"] == theirs["Config"]
    assert mine["Author"] == theirs["Author"]
    history = [
        [re.sub(r":[0-9a-f]{64}", ":H", each["CreatedBy"]) for each in steps]
        for steps in (yard.images.history(name), client.api.history(name))
    ]
    assert history[0] == history[1]
    assert len(mine["RootFS"].get("Layers") or []) == len(theirs["RootFS"].get("Layers") or [])


def _same_files(client: docker.DockerClient, yard: Yard, name: str) -> None:
    archive = _Archive()
    save(yard.images, [name], archive)
    assert _files(archive.content()) == _files(b"".join(client.api.get_image(name)))


def _files(archive: bytes) -> dict[str, tuple[Any, ...]]:
    """All files of an image, as its layers have them; times only of what was copied with its time."""
    found: dict[str, tuple[Any, ...]] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as whole:
        (manifest,) = json.load(whole.extractfile("manifest.json"))  # type: ignore[arg-type]
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=whole.extractfile(layer)) as members:
                for each in members:
                    folder, _, file = each.name.rpartition("/")
                    if file.startswith(".wh."):
                        hidden = f"{folder}/{file[4:]}".lstrip("/")
                        found = {
                            key: value
                            for key, value in found.items()
                            if key != hidden and not key.startswith(f"{hidden}/")
                        }
                        continue
                    content = members.extractfile(each).read() if each.isreg() else b""  # type: ignore[union-attr]
                    kind = b"0" if each.islnk() else each.type
                    size = 0 if each.islnk() else each.size
                    when = each.mtime if each.mtime == 1_700_000_000 else 0
                    found[each.name] = (
                        kind,
                        each.mode & 0o7777,
                        each.uid,
                        each.gid,
                        size,
                        each.linkname if each.issym() else "",
                        when,
                        content,
                    )
    return {name: value for name, value in found.items() if not name.startswith("bin/")}
