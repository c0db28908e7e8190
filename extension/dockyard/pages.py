"""What a container serves: the page behind a published port, fetched afresh each time, and made safe to be shown in a notebook."""

import base64
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from bs4 import BeautifulSoup

from dockyard.connection import Client
from dockyard.errors import NoPage, NoSuchContainer, NothingPublished
from dockyard.locale import N_, translate

__all__ = ["Page", "fetch", "published_ports"]

TIMEOUT_S = 5
LARGEST_PAGE_BYTES = 2 << 20
MOST_PARTS = 40
# Whatever else a page names (video, fonts, frames), the reader's browser asks no one for it.
POLICY = "default-src 'none'; img-src data:; style-src data: 'unsafe-inline'"


@dataclass(frozen=True)
class Page:
    """One answer of a server.

    Attributes:
        url: Where it was fetched from.
        route: How the kernel reached it, in the reader's language.
        port: The published port; 0 where the container was asked directly.
        status: HTTP status, such as 200.
        headers: Names in lower case.
        body: At most 2 MiB.
        at: When, in UTC.
    """

    url: str
    route: str
    port: int
    status: int
    headers: dict[str, str]
    body: bytes
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def text(self) -> str:
        """The body as text, by the encoding that it names, else UTF-8."""
        named = self._soup.original_encoding if self.is_html else None
        return self.body.decode(str(named or "utf-8"), errors="replace")

    @property
    def is_html(self) -> bool:
        """Whether the server calls it HTML."""
        return "html" in self.headers.get("content-type", "")

    @property
    def may_be_kept(self) -> timedelta:
        """How long a browser may show its own copy without asking again (RFC 9111, sections 4.2.1 and 4.2.2).

        Where the server says nothing, browsers take a tenth of the page's age.
        """
        rules = {
            part.partition("=")[0].strip(): part.partition("=")[2]
            for part in self.headers.get("cache-control", "").lower().split(",")
        }
        if "no-store" in rules or "no-cache" in rules:
            return timedelta(0)
        if rules.get("max-age", "").isdigit():
            return timedelta(seconds=int(rules["max-age"]))
        served = _date(self.headers.get("date")) or self.at
        if expires := _date(self.headers.get("expires")):
            return max(expires - served, timedelta(0))
        changed = _date(self.headers.get("last-modified"))
        return max((served - changed) / 10, timedelta(0)) if changed else timedelta(0)

    @property
    def _soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.body, "html.parser")

    def safe_html(self) -> str:
        """The page as one document that asks for nothing: its pictures and styles inside, its scripts left out.

        It is meant for an ``iframe`` with ``sandbox``, which forbids scripts by itself; this makes the page whole where no network of the
        container's is in the reader's reach.
        """
        if not self.is_html:
            soup = BeautifulSoup("<pre></pre>", "html.parser")
            soup.pre.string = self.text  # type: ignore[union-attr]  # the document above has one
            return str(soup)
        soup = self._soup
        for script in soup(["script", "base", "iframe", "object", "embed"]):
            script.decompose()
        parts = [tag for tag in soup(["img", "link"]) if tag.name == "img" or "stylesheet" in (tag.get("rel") or ())]
        for number, tag in enumerate(parts):
            name = "src" if tag.name == "img" else "href"
            address = tag.get(name)
            tag[name] = _inlined(address, self.url) if isinstance(address, str) and number < MOST_PARTS else ""
        policy = soup.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy", "content": POLICY})
        (soup.head or soup).insert(0, policy)
        return str(soup)


def fetch(client: Client, container: str, path: str = "/", *, port: int | None = None) -> Page:
    """Fetch a page from a container's server, past every cache.

    Tried in order: the published port on the engine's machine; the container's own address (where the kernel shares its network).

    Args:
        client: The engine.
        container: Name or ID.
        path: Such as ``/`` or ``/apa_folder/``.
        port: The published port, where there are several; by default the first.

    Raises:
        NoSuchContainer: There is no such container.
        NothingPublished: It publishes no port, or does not run.
        NoPage: Nothing answers there, or not with HTTP.
    """
    found = client.find_json("/containers/{}/json", container)
    if found is None:
        raise NoSuchContainer(name=container)
    ports = published_ports(found)
    if port is not None:
        ports = {host: inner for host, inner in ports.items() if host == port}
    if not ports:
        raise NothingPublished(name=container)
    host_port, inner_port = next(iter(ports.items()))
    networks = found["NetworkSettings"]["Networks"].values()
    published = translate(N_("through the port published on {host}")).format(host=client.host)
    direct = translate(N_("at the container's own address, since the published port is out of the kernel's reach"))
    routes = [(client.host, host_port, host_port, published)]
    routes += [(each["IPAddress"], inner_port, 0, direct) for each in networks if each.get("IPAddress")]
    failure: Exception | None = None
    for host, number, shown_port, route in routes:
        url = f"http://{host}:{number}/{path.lstrip('/')}"
        try:
            return _get(url, route, shown_port)
        except requests.exceptions.RequestException as error:
            failure = failure or error
    raise NoPage(url=f"http://{client.host}:{host_port}/", name=container) from failure


def published_ports(inspected: dict[str, dict[str, dict[str, list[dict[str, str]] | None]]]) -> dict[int, int]:
    """The published TCP ports of an inspected container: port on the engine's machine to port in the container."""
    bindings = inspected["NetworkSettings"].get("Ports") or {}
    return {
        int(each["HostPort"]): int(inner.partition("/")[0])
        for inner, hosts in bindings.items()
        for each in hosts or ()
        if inner.endswith("/tcp") and each["HostPort"]
    }


def _get(url: str, route: str, port: int) -> Page:
    """Ask once, past caches and proxies, and without what the user's environment would add for other hosts.

    Raises:
        requests.exceptions.RequestException: No whole answer came in time.
    """
    end = time.monotonic() + TIMEOUT_S
    with requests.Session() as session:
        session.trust_env = False
        fresh = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
        answer = session.get(url, headers=fresh, timeout=TIMEOUT_S, stream=True, allow_redirects=False)
        body = bytearray()
        try:
            while len(body) < LARGEST_PAGE_BYTES and (
                piece := answer.raw.read1(LARGEST_PAGE_BYTES, decode_content=True)
            ):
                body += piece
                if time.monotonic() > end:
                    raise requests.exceptions.ReadTimeout(url)
        except urllib3.exceptions.HTTPError as error:
            raise requests.exceptions.ContentDecodingError(error) from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Page(url, route, port, answer.status_code, headers, bytes(body))


def _inlined(address: str, page: str) -> str:
    """A picture or style of the page's own server as a ``data:`` address; of any other, nothing: the page must not make the kernel ask elsewhere."""
    try:
        whole = urljoin(page, address)
        if urlsplit(whole)[:2] != urlsplit(page)[:2]:
            return whole if whole.startswith("data:") else ""
        part = _get(whole, "", 0)
    except (ValueError, requests.exceptions.RequestException):
        return ""
    kind = part.headers.get("content-type", "application/octet-stream")
    return f"data:{kind};base64,{base64.b64encode(part.body).decode()}"


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
