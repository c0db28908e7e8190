"""What may stand where a Dockerfile is being written."""

import pytest

from dockyard.dockerfile import INSTRUCTIONS, completions

BEGUN = "ARG TAG=1\nFROM busybox AS one\nENV SITE=/srv\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", INSTRUCTIONS),
        ("co", ("COPY",)),
        ("ONBUILD EN", ("ENTRYPOINT", "ENV")),
        ("FROM ", ("one", "httpd:2.4", "busybox:latest")),
        ("FROM ht", ("httpd:2.4",)),
        ("FROM httpd:2.4 ", ("AS",)),
        ("FROM --platform=linux/amd64 on", ("one",)),
        ("COPY ", ("index.html", "site", "site/a.css")),
        ("COPY ./si", ("site", "site/a.css")),
        ("ONBUILD ADD in", ("index.html",)),
        ("COPY --from=o", ("one",)),
        ("COPY --from=one x", ()),
        ("COPY --", ("--chown=", "--from=")),
        ("WORKDIR $", ("$TAG", "$SITE")),
        ("WORKDIR $S", ("$SITE",)),
        ("RUN ec", ()),
        ("EXPOSE", ()),
    ],
)
def test_whole_words_are_offered(text, found):
    offered = completions(
        BEGUN + text, images=["httpd:2.4", "busybox:latest"], files=["index.html", "site", "site/a.css"]
    )
    assert offered == tuple(found)


def test_what_stands_for_itself_is_not_offered():
    assert completions("FROM") == ()
