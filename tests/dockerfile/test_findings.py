"""What is said about a Dockerfile."""

import pytest

import dockyard
from dockyard.dockerfile import check

GOOD = """FROM httpd:2.4
ARG VERSION=1
ENV LANG=C.UTF-8 SITE=/usr/local/apache2/htdocs
LABEL version=$VERSION
RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
COPY index.html *.css $SITE/
ADD files.tar.gz /srv/
EXPOSE 80 443/tcp 8000-8010
USER www-data
HEALTHCHECK CMD curl -f http://localhost/
CMD ["httpd-foreground"]
"""


def test_a_good_one_leaves_nothing_to_say():
    assert check(GOOD, files=["index.html", "a.css", "files.tar.gz"], build_args={"VERSION": "2"}) == ()


@pytest.mark.parametrize(
    ("text", "line", "level", "words"),
    [
        ("", 0, "error", "no FROM"),
        ("RUN a\nFROM a:1", 1, "error", "Only ARG"),
        ("FROM a:1\nCOYP a b", 2, "error", "did you mean COPY"),
        ("FROM a:1\nXYZZY a", 2, "error", "no instruction XYZZY"),
        ("FROM a:1\nMAINTAINER me", 2, "warning", "LABEL maintainer"),
        ("FROM a:1\nRUN", 2, "error", "needs something"),
        ("FROM a", 1, "hint", "fixed tag"),
        ("FROM localhost:5000/a:latest", 1, "hint", "fixed tag"),
        ("FROM $NOTHING", 1, "error", "variable is empty"),
        ("FROM a:1\nCMD httpd -X", 2, "hint", "shell form"),
        ("FROM a:1\nENTRYPOINT ['a']", 2, "warning", "double quotes"),
        ('FROM a:1\nCMD ["a"]\nCMD ["b"]', 2, "warning", "line 3"),
        ("FROM a:1\nRUN apt-get update", 2, "warning", "grows old"),
        (
            "FROM a:1\nRUN apt-get update && apt-get install curl && rm -r /var/lib/apt/lists",
            2,
            "warning",
            "without -y",
        ),
        ("FROM a:1\nRUN apt-get update && apt-get install -qy curl", 2, "hint", "/var/lib/apt/lists"),
        ("FROM a:1\nRUN cd /srv", 2, "warning", "WORKDIR"),
        ("FROM a:1\nRUN sudo true", 2, "hint", "sudo"),
        ("FROM a:1\nRUN --mount=type=cache,target=/a true", 2, "warning", "--mount is for BuildKit"),
        ("FROM a:1\nCOPY --chown=1 --chmod=644 a b", 2, "warning", "--chmod is for BuildKit"),
        ("FROM a:1\nRUN cat <<E\nE", 2, "warning", "BuildKit"),
        ("FROM a:1\nCOPY a", 2, "error", "a source and a target"),
        ("FROM a:1\nCOPY a b c", 2, "error", "must be a folder"),
        ("FROM a:1\nCOPY ../a b", 2, "error", "outside the context"),
        ("FROM a:1\nADD a b", 2, "hint", "COPY does the same"),
        ("FROM a:1\nEXPOSE 70000", 2, "error", "70000 is no port"),
        ("FROM a:1\nEXPOSE 20-10", 2, "error", "20-10 is no port"),
        ("FROM a:1\nENV LANG C.UTF-8", 2, "warning", "ENV KEY=value"),
        ("FROM a:1\nLABEL a b", 2, "warning", "LABEL KEY=value"),
        ("FROM a:1\nENV DB_PASSWORD=x", 2, "warning", "DB_PASSWORD"),
        ("FROM a:1\nARG api_key", 2, "warning", "docker history"),
        ("FROM a:1\nSHELL sh -c", 2, "error", "JSON form only"),
        ("FROM a:1\nWORKDIR a", 2, "hint", "begin it with"),
        ("FROM a:1\nHEALTHCHECK curl x", 2, "error", "followed by CMD"),
        ("FROM a:1\nONBUILD FROM b", 2, "error", "after ONBUILD"),
        ("FROM a:1\nONBUILD RNU b", 2, "error", "did you mean RUN"),
        ("FROM a:1\nUSER www\nUSER root:root", 3, "hint", "as root"),
        ("ARG A=1\nFROM a:$A\nWORKDIR /$A", 3, "warning", "ARG A once more"),
        ("FROM a:1\nWORKDIR /$A", 2, "hint", "unless the base image"),
    ],
)
def test_what_is_found(text, line, level, words):
    (found,) = check(text)
    assert (found.line, found.level) == (line, level)
    assert words in found.says


@pytest.mark.parametrize(
    "text",
    [
        "FROM a:1 AS b\nENV A=1\nFROM b\nWORKDIR /$A",
        "FROM scratch\nCOPY a b",
        "FROM a@sha256:123",
        "FROM a:1\nWORKDIR ${A:-/b}",
        "FROM a:1\nUSER root\nRUN true\nUSER 33",
        "FROM a:1 AS b\nFROM c:1\nCOPY --from=b ../x /y",
    ],
)
def test_what_is_right(text):
    assert check(text) == ()


@pytest.mark.parametrize("source", ["none", "no*", "dir/none", '["no ne", "/x"]'])
def test_a_source_that_the_context_has_not(source):
    line = f"COPY {source}" if source.startswith("[") else f"COPY {source} /x"
    (found,) = check(f"FROM a:1\n{line}", files=["file", "dir", "dir/file"])
    assert (found.line, found.level) == (2, "error")
    assert "not in the context" in found.says


@pytest.mark.parametrize("source", ["file", "./dir", "/dir/", "dir/f*", ".", "$X", "--from=y none"])
def test_a_source_that_the_context_has_or_may_have(source):
    text = f"FROM y:1\nARG X\nCOPY {source} /x"
    assert check(text, files=["file", "dir", "dir/file"]) == ()


def test_what_is_given_to_the_build_is_looked_at():
    found = check("FROM a:1", build_args={"A": "1", "http_proxy": "x"}, target="b")
    assert sorted(each.says for each in found) == [
        "No ARG takes the build argument A.",
        "There is no stage b to build.",
    ]
    assert str(found[0]) == found[0].says


def test_findings_speak_korean():
    dockyard.language("ko")
    try:
        said = [str(each) for each in check("FROM a:1\nCOYP a b")]
    finally:
        dockyard.language("en")
    assert said == ["2번째 줄: COYP(이)라는 명령어는 없습니다. COPY을(를) 쓰려고 하셨습니까?"]
