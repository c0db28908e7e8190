"""Who may use the routes: a reader who is logged in, from a page of this server. No one else, and no route is left out."""

import re

import pytest
import requests
import websocket

from dockyard.server.desk import Desk
from dockyard.server.routes import ROUTES, SOCKETS, handlers

pytestmark = pytest.mark.engine

ELSEWHERE = "https://elsewhere.example"


def example(path):
    """A path with something in its variable parts."""
    first = re.sub(r"\((\w+)(\|\w+)+\)", r"\1", path)
    return re.sub(r"\(.*?\)", "something", first)


def named(route):
    return f"{route.method}-{example(route.path)}"


each_route = pytest.mark.parametrize("route", ROUTES, ids=named)
each_socket = pytest.mark.parametrize("path", SOCKETS)


def stranger(address):
    """A browser that has been here, and has the XSRF cookie, but is not logged in."""
    session = requests.Session()
    session.get(f"{address}/login", timeout=60)
    assert session.cookies.get("_xsrf")
    return session


def ask(session, address, route, **headers):
    return session.request(
        route.method,
        f"{address}/dockyard/api/{example(route.path)}",
        headers=headers,
        json={},
        timeout=60,
        allow_redirects=False,
    )


def is_refused(answer):
    """Refused by the server before any route of ours: never with an answer of Dockyard's."""
    return answer.status_code == 403 or (
        answer.status_code == 404 and answer.json() == {"message": "Not Found", "reason": None}
    )


@each_route
def test_nobody_who_is_not_logged_in(address, route):
    session = stranger(address)
    assert is_refused(ask(session, address, route, **{"X-XSRFToken": session.cookies["_xsrf"]}))


@each_route
def test_nobody_with_a_wrong_token(address, route):
    session = stranger(address)
    token = {"X-XSRFToken": session.cookies["_xsrf"], "Authorization": "token wrong"}
    assert is_refused(ask(session, address, route, **token))


@each_route
def test_no_page_of_another_site_even_of_a_reader_who_is_logged_in(reader, route):
    token = {"X-XSRFToken": reader.session.cookies["_xsrf"]}
    assert is_refused(ask(reader.session, reader.address, route, Origin=ELSEWHERE, **token))


@each_route
def test_nothing_without_the_xsrf_token(reader, route):
    assert is_refused(ask(reader.session, reader.address, route))
    assert is_refused(ask(reader.session, reader.address, route, Referer=f"{ELSEWHERE}/page"))


@each_route
def test_no_server_name_that_leads_here_by_a_stranger_s_address_book(reader, route):
    """DNS rebinding: the browser thinks that the page is of the same site."""
    token = {
        "X-XSRFToken": reader.session.cookies["_xsrf"],
        "Host": "elsewhere.example",
        "Origin": "http://elsewhere.example",
    }
    assert is_refused(ask(reader.session, reader.address, route, **token))


@each_route
def test_a_reader_who_is_logged_in_gets_an_answer_of_dockyard(reader, route):
    """So that the tests above can fail."""
    answer = ask(reader.session, reader.address, route, **{"X-XSRFToken": reader.session.cookies["_xsrf"]})
    assert not is_refused(answer), answer.text


@each_socket
def test_no_websocket_for_nobody_nor_for_another_site(reader, address, path):
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        reader.listen(path, cookie="")
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        reader.listen(path, cookie="", header=["Authorization: token wrong"])
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        reader.listen(path, origin=ELSEWHERE)
    reader.listen(f"{path}?container=none&plan=none").close()  # so that this test can fail


def test_every_route_is_in_the_table():
    """What Jupyter's server is given is made of the two tables alone."""
    given = {pattern for pattern, _, _ in handlers("/", Desk(""))}
    assert given == {f"/dockyard/api/{path}$" for path in [*(route.path for route in ROUTES), *SOCKETS]}
