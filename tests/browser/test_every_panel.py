"""Every panel clicked once through its main path, in one notebook, against the real engine: what is shown, and what is true there then."""

import gzip
import inspect
import os
import re
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from dockyard import panels
from dockyard.connection.registry import Registry
from dockyard.lessons.sorting import container_name
from dockyard.tasks import Login, Push, Run, Secret, Stop, start_registry
from dockyard.waiting import eventually
from laboratory import Notebook, laboratory, press, serves, shows
from looks import NARROW_PX, WIDE_PX, choose_theme, cut, hindrances, make_cells
from registries import free_port, tar_of
from volumes import ROOT, fill, listing

pytestmark = [pytest.mark.engine, pytest.mark.browser]

HERE = Path(__file__).parent
USER, CARROT = "usagi", "carrot-and-radish"
PAGE = "<h1>A page of mine</h1>\n"

# What is in the notebook: a cell for each panel. {names} are those of the fixture `names`.
CELLS = {
    "run": 'dockyard.panels.run("httpd", name="{mark}-run", ports="{port}:80")',
    "copy": 'dockyard.panels.copy("page.html", "{mark}-idle:/root/")',
    "commit": 'dockyard.panels.commit("{mark}-idle", "{mark}-image:1", message="by hand")',
    "save": 'dockyard.panels.save("saved.tar", "{mark}-base:1")',
    "load": 'dockyard.panels.load("given.tar")',
    "tag": 'dockyard.panels.tag("{mark}-base:1", "{mark}-again:1")',
    "untag": 'dockyard.panels.untag("{mark}-spare:1")',
    "name": "dockyard.panels.name()",
    "start_registry": 'dockyard.panels.start_registry("{mark}-started", port={port})',
    "push": 'dockyard.panels.push("{registry}/pushed:1")',
    "pull": 'dockyard.panels.pull("{registry}/pulled:1")',
    "registry": 'dockyard.panels.registry("{registry}", container="{mark}-registry")',
    "logout": 'dockyard.panels.logout("{registry}")',
    "volumes": "dockyard.panels.volumes()",
    "backup": 'dockyard.panels.backup("{mark}-shop", "backup.tar.gz")',
    "restore": 'dockyard.panels.restore("given.tar.gz", "{mark}-back")',
    "prune": 'dockyard.panels.prune("volume", all=True, filters="label={mark}")',
    "mount_advisor": 'dockyard.panels.mount_advisor(image="busybox")',
    "containers": "dockyard.panels.containers()",
    "dashboard": "dockyard.panels.dashboard()",
    "attach": 'dockyard.panels.attach("{mark}-terminal")',
    "reset": 'dockyard.panels.reset("copy")',
    "layers": 'dockyard.panels.layers("httpd", "busybox")',
    "sorter": "dockyard.panels.sorter()",
    "shell_instead": "dockyard.panels.shell_instead()",
    "journal": "dockyard.panels.journal()",
}
# Those that tests of their own click through: here they are looked at alone.
LOOKED_AT = {
    "preview": 'dockyard.panels.preview("{mark}-registry", "/v2/")',
    "login": 'dockyard.panels.login("{registry}", "usagi")',
    "build": 'dockyard.panels.build(names="{mark}-built", text="FROM busybox\\nCOYP a b\\nRUN true\\n")',
    "shell": 'dockyard.panels.shell("{mark}-registry")',
    "disk": "dockyard.panels.disk(measure=True)",
    "usage": "dockyard.panels.usage()",
    "compose": 'dockyard.panels.compose("project")',
}


@pytest.fixture(scope="module")
def mark(client) -> Iterator[str]:
    """What the names of everything made here begin with; whatever is called so is removed afterwards."""
    made = f"walk-{uuid.uuid4().hex[:6]}"
    yield made
    for each in client.api.containers(all=True, filters={"name": made}):
        client.api.remove_container(each["Id"], force=True, v=True)
    for name in names_of_images(client):
        if made in name or name.partition("/")[0].startswith("localhost:"):
            client.api.remove_image(name, force=True)
    for each in client.api.volumes(filters={"name": made})["Volumes"] or ():
        client.api.remove_volume(each["Name"], force=True)


@pytest.fixture(scope="module")
def docker_config(tmp_path_factory) -> Iterator[Path]:
    """Docker's configuration, of this module alone: the kernel and the tests have the same."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("docker")
        patch.setenv("DOCKER_CONFIG", str(folder))
        yield folder / "config.json"


@pytest.fixture(scope="module")
def registry(client, mark, docker_config) -> str:
    """The address of a registry that lets one user in, who is logged in."""
    started = start_registry(client, name=f"{mark}-registry", port=free_port(), user=USER, secret=Secret(CARROT))
    Login(USER, started.address).run(client, secret=Secret(CARROT))
    return started.address


@pytest.fixture(scope="module")
def folder(client, mark, registry, tmp_path_factory) -> Path:
    """What the notebook stands in, with the files that the panels take; and on the engine the things that they name."""
    made = tmp_path_factory.mktemp("walks")
    (made / "page.html").write_text(PAGE)
    (made / "project").mkdir()
    (made / "project" / "compose.yaml").write_text(f"services:\n  web:\n    image: {mark}-base:1\n    prots: [80]\n")
    (made / "given.tar.gz").write_bytes(gzip.compress(tar_of({"./page.html": PAGE.encode()})))
    for name in (f"{mark}-base", f"{mark}-spare", f"{mark}-given", f"{registry}/pushed", f"{registry}/pulled"):
        made_of(client, name)
    (made / "given.tar").write_bytes(b"".join(client.api.get_image(f"{mark}-given:1")))
    client.api.remove_image(f"{mark}-given:1")
    Push(f"{registry}/pulled:1").run(client)
    client.api.remove_image(f"{registry}/pulled:1")
    for name, more in (("idle", {}), ("terminal", {"Tty": True, "OpenStdin": True, "Cmd": ["sh"]})):
        body = {"Image": "busybox", "Cmd": ["sleep", "1000"], "StopSignal": "SIGKILL", **more}
        client.api.create_container_from_config(body, f"{mark}-{name}")
        client.api.start(f"{mark}-{name}")
    fill(client, f"{mark}-shop", tar_of({f"{ROOT}/page.html": PAGE.encode()}))
    fill(client, f"{mark}-old", tar_of({f"{ROOT}/page.html": PAGE.encode()}), {mark: ""})
    return made


def made_of(client, name: str) -> None:
    """An image like busybox, with a layer and an ID of its own."""
    layer = tar_of({"name": name.encode()})
    source = client.api.create_container("busybox", ["true"])["Id"]
    client.api.put_archive(source, "/", layer)
    client.api.commit(source, name, "1")
    client.api.remove_container(source)


@pytest.fixture(scope="module")
def page(browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 1600})
    made = context.new_page()
    made.set_default_timeout(60_000)
    yield made
    context.close()


@pytest.fixture(scope="module")
def book(engine_address, folder, mark, registry, page) -> Iterator[Notebook]:
    """The notebook, with Dockyard imported."""
    cells = [text.format(mark=mark, registry=registry, port=free_port()) for text in (CELLS | LOOKED_AT).values()]
    cells = [nbformat.v4.new_code_cell(each) for each in ("import dockyard", *cells, "dockyard.language('ko')")]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "walks.ipynb")
    with laboratory(engine_address, folder) as lab:
        opened = Notebook(page, lab, "walks.ipynb")
        opened.run("import dockyard")
        yield opened


@pytest.fixture
def panel(request, book) -> Iterator[Locator]:
    """The panel that the test is marked with, fresh from its cell; afterwards a picture of it."""
    (name,) = request.node.get_closest_marker("walks").args
    yield book.run(f"dockyard.panels.{name}(")
    keep(book, name, name)


def keep(book: Notebook, name: str, picture: str) -> None:
    """A picture of a panel, where DOCKYARD_SCREENSHOTS names a folder."""
    if folder := os.environ.get("DOCKYARD_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        cell = book.cell(f"dockyard.panels.{name}(")
        cell.locator(".jp-Cell-outputArea").screenshot(path=f"{folder}/{picture}.png")


def names_of_images(client) -> set[str]:
    return {name for each in client.api.images() for name in each["RepoTags"] or ()}


def volumes_of(client) -> set[str]:
    return {each["Name"] for each in client.api.volumes()["Volumes"] or ()}


def has_image(client, name: str) -> bool:
    return client.find_json("/images/{}/json", name) is not None


# ------------------------------------------------------------ containers


@pytest.mark.walks("run")
def test_a_container_is_started_and_its_page_is_shown(panel, client, mark):
    press(panel, "Show what it will change")
    shows(panel, "new")
    assert client.find_json("/containers/{}/json", f"{mark}-run") is None
    press(panel, "Run")
    serves(panel, "It works!")
    assert client.get_json("/containers/{}/json", f"{mark}-run")["State"]["Running"]
    press(panel, "Undo")
    shows(panel, "Taken back.")
    assert client.find_json("/containers/{}/json", f"{mark}-run") is None


@pytest.mark.walks("copy")
def test_a_file_is_copied_into_a_container(panel, client, mark, shell):
    press(panel, "Run")
    shows(panel, "✔")
    assert shell(f"{mark}-idle", "cat /root/page.html") == PAGE


@pytest.mark.walks("containers")
def test_a_container_is_chosen_from_the_list_and_stopped(panel, client, mark):
    panel.get_by_role("searchbox").fill(f"{mark}-idle")
    row = panel.locator(".ag-row")
    expect(row).to_have_count(1)
    row.get_by_text(f"{mark}-idle").click()
    press(panel, "Stop")
    shows(panel, "running → exited")
    assert client.get_json("/containers/{}/json", f"{mark}-idle")["State"]["Running"]
    press(panel, "Run")
    shows(panel, "✔")
    expect(row).to_contain_text("exited")
    assert not client.get_json("/containers/{}/json", f"{mark}-idle")["State"]["Running"]


@pytest.mark.walks("dashboard")
def test_the_engine_is_looked_over_tab_by_tab(panel, mark):
    for tab, text in (("Containers", f"{mark}-registry"), ("Images", f"{mark}-base"), ("Volumes", f"{mark}-shop")):
        panel.get_by_role("tab", name=tab).click()
        expect(panel.locator(".ag-row:visible", has_text=text).first).to_be_visible()


@pytest.fixture
def passed(client, folder):
    """What lesson 2 leaves behind."""
    client.api.create_container("httpd", name="apa000ex19")
    (folder / "index.html").write_text(PAGE)
    yield
    if client.find_json("/containers/{}/json", "apa000ex19"):
        client.api.remove_container("apa000ex19")


@pytest.mark.walks("reset")
def test_a_lesson_is_begun_anew(passed, panel, client, folder):
    shows(panel, "index.html")
    assert client.find_json("/containers/{}/json", "apa000ex19")
    press(panel, "Remove these and begin anew")
    shows(panel, "Removed: 2.")
    assert client.find_json("/containers/{}/json", "apa000ex19") is None
    assert not (folder / "index.html").exists()


@pytest.mark.walks("attach")
def test_a_program_with_a_terminal_is_typed_to(panel, page, shell, mark):
    expect(panel.get_by_role("button", name="End", exact=True)).to_be_enabled()
    panel.locator(".xterm-screen").click()
    page.keyboard.type("echo typed > /typed && cat /typed\n")
    expect(panel.locator(".xterm-rows > div", has_text=re.compile(r"^\s*typed\s*$"))).to_be_visible()
    assert shell(f"{mark}-terminal", "cat /typed") == "typed\n"
    press(panel, "End")
    shows(panel, "The program")


# ------------------------------------------------------------ images


@pytest.mark.walks("commit")
def test_a_container_becomes_an_image(panel, client, mark):
    press(panel, "Run")
    shows(panel, "✔")
    assert client.get_json("/images/{}/json", f"{mark}-image:1")["Comment"] == "by hand"


@pytest.mark.walks("save")
def test_an_image_is_written_into_a_file(panel, folder, mark):
    press(panel, "Run")
    shows(panel, "✔")
    with tarfile.open(folder / "saved.tar") as archive:
        assert f"{mark}-base:1" in archive.extractfile("manifest.json").read().decode()


@pytest.mark.walks("load")
def test_an_image_is_loaded_from_a_file(panel, client, mark):
    assert not has_image(client, f"{mark}-given:1")
    press(panel, "Run")
    shows(panel, "✔")
    assert has_image(client, f"{mark}-given:1")


@pytest.mark.walks("tag")
def test_an_image_gets_one_more_name_and_both_are_drawn(panel, client, mark):
    press(panel, "Run")
    for name in (f"{mark}-base:1", f"{mark}-again:1"):
        expect(panel.locator(".dockyard-names").get_by_text(name)).to_be_visible()
    assert sorted(client.get_json("/images/{}/json", f"{mark}-base:1")["RepoTags"]) == [
        f"{mark}-again:1",
        f"{mark}-base:1",
    ]


@pytest.mark.walks("untag")
def test_the_last_name_is_taken_off_an_image_and_it_is_gone(panel, client, mark):
    press(panel, "Run")
    shows(panel, f"Untagged: {mark}-spare:1")
    assert not has_image(client, f"{mark}-spare:1")


@pytest.mark.walks("name")
def test_a_name_is_taken_apart_as_it_is_typed(panel, page, client):
    before = names_of_images(client)
    panel.get_by_label("Image name").fill("zoozoo.comm/nyappacchi:13")
    page.keyboard.press("Tab")
    shows(panel, "zoozoo.comm")
    expect(panel.locator("table tr", has_text="tag").get_by_text("13", exact=True)).to_be_visible()
    assert names_of_images(client) == before


# ------------------------------------------------------------ registries


@pytest.mark.walks("start_registry")
def test_a_registry_is_started_and_removed(panel, client, mark):
    press(panel, "Start the registry")
    shows(panel, "answers")
    port = client.api.port(f"{mark}-started", 5000)[0]["HostPort"]
    assert requests.get(f"http://localhost:{port}/v2/", timeout=30).status_code == 200
    press(panel, "Remove it again")
    shows(panel, "The registry was removed.")
    assert client.find_json("/containers/{}/json", f"{mark}-started") is None


@pytest.mark.walks("push")
def test_an_image_is_pushed_with_a_bar_for_each_layer(panel, registry):
    press(panel, "Run")
    shows(panel, "as sha256:")
    shows(panel, "Pushed")
    with Registry(registry, user=USER, secret=Secret(CARROT)) as asked:
        assert asked.tags("pushed") == ["1"]


@pytest.mark.walks("pull")
def test_an_image_is_pulled(panel, client, registry):
    press(panel, "Run")
    shows(panel, "✔")
    assert has_image(client, f"{registry}/pulled:1")


@pytest.mark.walks("registry")
def test_a_registry_is_looked_into_and_a_tag_deleted(panel, registry):
    press(panel, "Show the repositories")
    shows(panel, re.compile(r"repositories in localhost"))
    panel.get_by_label("Repositories").select_option("pulled")
    expect(panel.get_by_label("Tags").locator("option")).to_have_text(["1"])
    shows(panel, "sha256:")
    press(panel, "Delete this tag")
    shows(panel, "This deletes the manifest")
    press(panel, "Yes, delete")
    shows(panel, "Deleted: pulled@sha256:")
    with Registry(registry, user=USER, secret=Secret(CARROT)) as asked:
        assert asked.tags("pulled") == []


@pytest.mark.walks("logout")
def test_a_log_in_is_forgotten(panel, registry, docker_config):
    assert registry in docker_config.read_text()
    press(panel, "Run")
    shows(panel, "✔")
    assert registry not in docker_config.read_text()


# ------------------------------------------------------------ volumes


@pytest.mark.walks("volumes")
def test_a_volume_is_looked_into_and_another_made(panel, client, mark):
    panel.get_by_role("searchbox").first.fill(mark)
    panel.locator(".ag-row", has_text=f"{mark}-shop").get_by_text(f"{mark}-shop").click()
    shows(panel, "Files on the engine's machine")
    press(panel, "Look into it")
    expect(panel.locator("option", has_text="page.html")).to_be_visible()
    panel.get_by_role("tab", name="Make").click()
    made = panel.locator(".dockyard-panel .dockyard-panel:visible")
    made.get_by_label("Name").fill(f"{mark}-made")
    made.get_by_label("Name").press("Tab")
    press(made, "Run")
    shows(made, "✔")
    expect(panel.locator(".ag-row", has_text=f"{mark}-made").first).to_be_visible()
    assert client.find_json("/volumes/{}", f"{mark}-made")


@pytest.mark.walks("backup")
def test_a_volume_is_backed_up(panel, folder):
    press(panel, "Run")
    shows(panel, "✔")
    with tarfile.open(folder / "backup.tar.gz") as archive:
        assert archive.extractfile("./page.html").read().decode() == PAGE


@pytest.mark.walks("restore")
def test_a_volume_is_restored(panel, client, mark):
    press(panel, "Run")
    shows(panel, "✔")
    assert listing(client, f"{mark}-back")["page.html"][5].decode() == PAGE


@pytest.mark.walks("prune")
def test_what_goes_is_shown_before_it_goes(panel, client, mark):
    press(panel, "Run")
    shows(panel, "1 of")
    shows(panel, "Nothing was done yet")
    assert client.find_json("/volumes/{}", f"{mark}-old")
    press(panel, "Run")
    shows(panel, "were freed")
    assert client.find_json("/volumes/{}", f"{mark}-old") is None


@pytest.mark.walks("mount_advisor")
def test_questions_lead_to_a_mount_and_all_three_are_tried(panel, client):
    before = volumes_of(client)
    shows(panel, "Take a volume")
    panel.get_by_label("Edited on the host?").check()
    shows(panel, "Take a bind mount")
    press(panel, "Try all three here")
    shows(panel, "What each kind did on")
    assert volumes_of(client) == before


# ------------------------------------------------------------ how things came about


@pytest.mark.walks("layers")
def test_layers_are_read_and_two_images_compared(panel):
    press(panel, "Read the layers")
    shows(panel, "paths added")
    expect(panel.locator(".js-plotly-plot .waterfalllayer .point").first).to_be_visible()
    press(panel, "Compare the two")
    shows(panel, "paths only in the first")


@pytest.fixture
def sorting(client):
    """The container that the exercise runs commands in is gone afterwards."""
    yield
    if client.find_json("/containers/{}/json", container_name(client)):
        client.api.remove_container(container_name(client), force=True)


@pytest.mark.walks("sorter")
def test_commands_are_sorted_by_keyboard_and_run_where_they_were_put(sorting, panel, page):
    inside = panel.get_by_role("button", name="Inside the container")
    inside.focus()
    page.keyboard.press("Enter")
    shows(panel, "1 of 12 are sorted")
    expect(inside).to_be_focused()
    page.keyboard.press("Enter")
    shows(panel, "docker: not found")
    expect(inside).to_be_focused()


@pytest.mark.walks("shell_instead")
def test_a_shell_runs_instead_of_the_software(panel):
    press(panel, "Try it")
    shows(panel, "As it should be.")


@pytest.fixture
def stopped(client, mark) -> str:
    """A container that a run on record has stopped."""
    name = f"{mark}-taken-back"
    Run("busybox", ("sleep", "1000"), name=name, detach=True).run(client)
    Stop((name,), time_s=0).run(client)
    return name


@pytest.mark.walks("journal")
def test_a_run_is_taken_back_by_keyboard_and_the_rest_written_out(stopped, panel, page, client, folder):
    panel.get_by_role("searchbox").fill(stopped)
    rows = panel.locator(".ag-row")
    expect(rows).to_have_count(2)
    rows.filter(has_text="docker stop").locator(".ag-cell").first.focus()
    page.keyboard.press("Space")
    details = panel.locator("table", has_text="Undo")
    expect(details).to_contain_text("running → exited")
    panel.get_by_role("button", name="Undo this run").focus()
    page.keyboard.press("Enter")
    shows(panel, "was taken back.")
    assert client.get_json("/containers/{}/json", stopped)["State"]["Running"]
    expect(details).to_contain_text("taken back already")
    press(panel, "Compose file")
    press(panel, "Write a new file")
    shows(panel, "compose.yaml")
    assert stopped in (folder / "compose.yaml").read_text()


# ------------------------------------------------------------ all of them


@pytest.fixture(scope="module")
def opened(book) -> None:
    """Those panels too that no test here has opened."""
    for name in CELLS | LOOKED_AT:
        if not book.cell(f"dockyard.panels.{name}(").locator(".jp-OutputArea-output").count():
            book.run(f"dockyard.panels.{name}(")


@pytest.fixture(scope="module")
def in_korean(opened, book) -> None:
    """Every panel anew, in Korean, with what it would change."""
    book.run("dockyard.language(")
    for name in CELLS | LOOKED_AT:
        panel = book.run(f"dockyard.panels.{name}(")
        for each in panel.get_by_role("button", name="무엇이 바뀌는지 보기", exact=True).all():
            if each.is_visible() and each.is_enabled():
                each.click()
                expect(each).to_be_enabled()


def look_at(book: Notebook, page: Page, language: str) -> None:
    for theme in ("Light", "Dark"):
        choose_theme(page, theme)
        for width_px in (WIDE_PX, NARROW_PX):
            make_cells(page, width_px)
            for name in CELLS | LOOKED_AT:
                keep(book, name, f"{name}-{language}-{theme.lower()}-{width_px}")
            eventually(lambda: fits(page), AssertionError, timeout_s=20)  # figures follow a new width in their own time
        assert hindrances(page) == []


def fits(page: Page) -> None:
    assert cut(page) == []


def test_panels_fit_any_cell_and_are_there_for_everyone(opened, book, page):
    look_at(book, page, "en")


def test_panels_in_korean_fit_any_cell_and_are_there_for_everyone(in_korean, book, page):
    look_at(book, page, "ko")


def test_every_panel_is_clicked_in_a_browser():
    """Whoever adds a panel adds a test of it, here or in a file of its own, marked with its name."""
    exported = {name for name in panels.__all__ if inspect.isfunction(getattr(panels, name))}
    marked = {
        name
        for file in HERE.glob("test_*.py")
        for name in re.findall(r'^@pytest\.mark\.walks\("(\w+)"\)$', file.read_text("utf-8"), re.M)
    }
    assert marked == exported
