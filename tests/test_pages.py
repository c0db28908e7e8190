"""Pages that containers serve: fetched afresh, and made safe to be shown."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from dockyard.errors import NoPage, NoSuchContainer, NothingPublished
from dockyard.pages import Page, fetch
from dockyard.waiting import eventually
from registries import free_port

AT = datetime(2026, 1, 1, tzinfo=UTC)


def page(body=b"", **headers):
    return Page(
        "http://localhost:1/",
        "",
        1,
        200,
        {"content-type": "text/html", **{k.replace("_", "-"): v for k, v in headers.items()}},
        body,
        AT,
    )


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({}, timedelta(0)),
        ({"cache_control": "no-store"}, timedelta(0)),
        ({"cache_control": "public, max-age=60"}, timedelta(seconds=60)),
        ({"expires": "Thu, 01 Jan 2026 01:00:00 GMT"}, timedelta(hours=1)),
        ({"expires": "0", "last_modified": "nonsense"}, timedelta(0)),
        ({"last_modified": "Mon, 22 Dec 2025 00:00:00 GMT"}, timedelta(days=1)),
        ({"last_modified": "Mon, 22 Dec 2025 00:00:00 GMT", "cache_control": "no-cache"}, timedelta(0)),
    ],
)
def test_how_long_a_browser_may_keep_a_page(headers, kept):
    assert page(**headers).may_be_kept == kept


def test_a_page_is_shown_without_its_scripts_frames_and_base():
    shown = page(b"<base href='http://evil/'><script>steal()</script><iframe src='/x'></iframe><h1>Hi</h1>").safe_html()
    assert "<h1>Hi</h1>" in shown
    for gone in ("<script", "steal", "<iframe", "<base"):
        assert gone not in shown


def test_pictures_of_other_servers_are_not_asked_for():
    shown = page(
        b'<img src="http://169.254.169.254/latest/meta-data"><img src="data:image/png;base64,AA==">'
    ).safe_html()
    assert "169.254" not in shown
    assert "data:image/png;base64,AA==" in shown


def test_a_shown_page_may_ask_no_one_for_anything():
    shown = page(
        b"<html><head><title>x</title></head><body><video src='http://evil/v'></video><img src='http://[bad'></body></html>"
    ).safe_html()
    assert shown.index("default-src 'none'") < shown.index("<title>")
    assert "[bad" not in shown


def test_what_is_not_html_is_shown_as_text():
    plain = Page("http://localhost:1/", "", 1, 200, {"content-type": "application/json"}, b'{"a": "<b>"}', AT)
    assert plain.safe_html() == '<pre>{"a": "&lt;b&gt;"}</pre>'


def test_korean_pages_are_read_by_the_encoding_they_name():
    body = '<html><head><meta charset="euc-kr"></head><body>안녕하세요</body></html>'.encode("euc-kr")
    assert "안녕하세요" in page(body).text


@pytest.mark.engine
def test_apache_is_fetched_through_its_published_port_with_its_pictures_inside(client, container, shell):
    name = container("httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}})
    got = eventually(lambda: fetch(client, name), NoPage)
    assert (got.status, got.body) == (200, b"<html><body><h1>It works!</h1></body></html>\n")
    assert got.may_be_kept > timedelta(days=365)
    shell(
        name,
        "cp icons/folder.gif htdocs/ && echo '<img src=\"/folder.gif\"><img src=missing.png>' > htdocs/picture.html",
    )
    assert 'src="data:image/gif;base64,R0lG' in fetch(client, name, "/picture.html").safe_html()


@pytest.mark.engine
def test_proxies_and_passwords_of_the_environment_are_not_used(client, container, shell, monkeypatch, tmp_path):
    name = container("httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})
    eventually(lambda: fetch(client, name), NoPage)
    (tmp_path / "netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetch(client, name).status == 200


@pytest.mark.engine
def test_an_answer_that_breaks_off_is_a_sentence(client, container, shell):
    line = "while true; do printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nshort' | nc -l -p 80; done"
    name = container(
        "busybox",
        "sh",
        "-c",
        line,
        HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}},
        ExposedPorts={"80/tcp": {}},
    )
    with pytest.raises(NoPage, match="No web page answers"):
        fetch(client, name)


@pytest.mark.engine
def test_a_redirect_is_shown_and_not_followed(client, container, shell):
    name = container("httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})
    shell(name, "mkdir htdocs/folder")
    assert eventually(lambda: fetch(client, name, "/folder"), NoPage).status == 301


@pytest.mark.engine
def test_each_way_to_have_no_page_has_its_sentence(client, container):
    with pytest.raises(NoSuchContainer, match="no-such-thing"):
        fetch(client, "no-such-thing")
    with pytest.raises(NothingPublished, match="publishes no port"):
        fetch(client, container())
    silent = container("httpd", "sleep", "1000", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})
    with pytest.raises(NoPage, match="No web page answers"):
        fetch(client, silent)


@pytest.mark.engine
def test_where_the_published_port_is_out_of_reach_the_container_itself_is_asked(client, container):
    # Published on an address that the kernel does not ask: as from inside a container that has only the engine's socket.
    host_port = free_port()
    name = container(
        "httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.9", "HostPort": str(host_port)}]}}
    )
    with socket.socket() as probe:
        assert probe.connect_ex(("localhost", host_port)) != 0
    got = eventually(lambda: fetch(client, name), NoPage)
    assert got.status == 200
    assert "container's own address" in got.route
    assert got.port == 0
