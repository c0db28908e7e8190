"""The page preview in a real browser: sandboxed, and reached through the Jupyter server where the browser is elsewhere."""

import io
import tarfile
from dataclasses import replace

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.engine, pytest.mark.browser]

EVIL = "<h1 id=page>mine</h1><script>parent.document.body.dataset.broken = 1; document.getElementById('page').textContent = 'ran'</script>"


@pytest.fixture
def page_in_apache(book_ports, client, lab):
    """A page that tries to reach the notebook, served by the lesson's container."""
    body = {"Image": "httpd", "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}}
    client.api.create_container_from_config(body, "apa000ex19")
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        info = tarfile.TarInfo("index.html")
        info.size = len(EVIL)
        tar.addfile(info, io.BytesIO(EVIL.encode()))
    client.api.put_archive("apa000ex19", "/usr/local/apache2/htdocs", made.getvalue())
    client.api.start("apa000ex19")


def open_preview(book):
    book.run("import dockyard")
    return book.run("dockyard.panels.preview(")


@pytest.mark.walks("preview")
def test_no_script_of_a_page_runs(page_in_apache, lab, notebook, screen):
    shown = open_preview(notebook("en/02_copy.ipynb"))
    for frame in (0, 1):
        shown.locator("iframe").nth(frame).content_frame.get_by_text("mine").wait_for()
    assert screen.evaluate("document.body.dataset.broken") is None
    assert [shown.locator("iframe").nth(each).get_attribute("sandbox") for each in (0, 1)] == ["", ""]
    # Another name than the notebook's own, so that its cookies are not sent to the page.
    assert shown.locator("iframe").nth(1).get_attribute("src") == "http://127.0.0.1:8080/"
    expect(shown.get_by_text("it runs on the engine's machine")).to_be_visible()


def test_a_browser_elsewhere_goes_through_the_jupyter_server(page_in_apache, lab, notebook, browser, picture):
    # This name is the browser's own for the machine; no port but Jupyter's is known to be there.
    context = browser.new_context(viewport={"width": 1400, "height": 1200})
    page = context.new_page()
    page.set_default_timeout(60_000)
    elsewhere = replace(lab, url=lab.url.replace("localhost", "lab.example"))
    shown = open_preview(notebook("en/02_copy.ipynb", page, elsewhere))
    shown.locator("iframe").nth(0).content_frame.get_by_text("mine").wait_for()
    shown.locator("iframe").nth(1).content_frame.get_by_text("mine").wait_for()
    assert shown.locator("iframe").nth(1).get_attribute("src").endswith("/proxy/8080/")
    expect(shown.get_by_text("through the Jupyter server")).to_be_visible()
    # In a tab of its own the page would be on the notebook's origin, with no sandbox.
    expect(shown.get_by_text("Open in a new tab")).to_be_hidden()
    assert page.evaluate("document.body.dataset.broken") is None
    picture(page, "preview-elsewhere")
    context.close()
