"""The page preview's kernel side; what a browser makes of it is in tests/browser."""

import pytest

from dockyard import panels
from dockyard.errors import NoPage
from dockyard.pages import fetch
from dockyard.waiting import eventually

pytestmark = pytest.mark.engine


def test_a_page_is_shown_with_how_it_was_reached(client, container):
    name = container("httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})
    eventually(lambda: fetch(client, name), NoPage)
    shown = panels.preview(name, client=client)
    assert "It works!" in shown.document
    assert shown.summary == "HTTP 200, 45B, through the port published on localhost"
    assert "1.9 years" in shown.kept
    assert shown.port > 0
    shown.close()


def test_it_is_fetched_afresh_each_time(client, container, shell):
    name = container("httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})
    eventually(lambda: fetch(client, name), NoPage)
    shown = panels.preview(name, client=client)
    shell(name, "echo new > htdocs/index.html")
    shown.fetch()
    assert "new" in shown.document
    shown.close()


def test_no_page_is_a_sentence(client, container):
    shown = panels.preview(container(), client=client)
    assert "publishes no port" in shown.fault
    assert shown.document == ""
    shown.close()
