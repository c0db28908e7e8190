"""The sidebar in JupyterLab, in a real Chromium: lists that live, actions by mouse and by keyboard, what is asked first, in both languages."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from dockyard.waiting import eventually

pytestmark = [pytest.mark.engine, pytest.mark.browser]


@pytest.fixture
def name(container):
    """A container that serves a page, called as no other is."""
    return container("httpd", ExposedPorts={"80/tcp": {}}, HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})


def test_containers_live_and_are_stopped_removed_and_brought_back(sidebar, name, client, screen, picture):
    sidebar.is_in_state(name, "running")
    expect(sidebar.row(name)).to_contain_text("httpd")
    picture(screen, "sidebar-light")
    client.api.pause(name)  # by someone else
    sidebar.is_in_state(name, "paused")
    client.api.unpause(name)
    sidebar.is_in_state(name, "running")

    sidebar.choose(name, "Stop")
    sidebar.is_in_state(name, "exited")
    expect(sidebar.dialog()).to_have_count(0)
    sidebar.says(f"docker stop {name}")
    sidebar.press(name, "s")
    sidebar.is_in_state(name, "running")

    sidebar.press(name, "Delete")
    expect(sidebar.dialog()).to_contain_text(f"docker rm -f {name}")
    expect(sidebar.dialog().locator("tr[data-action=remove]").first).to_contain_text(name)
    picture(screen, "sidebar-remove")
    expect(sidebar.dialog().get_by_role("button", name="Cancel")).to_be_focused()
    screen.keyboard.press("Enter")
    expect(sidebar.dialog()).to_have_count(0)
    assert client.find_json("/containers/{}/json", name)
    sidebar.press(name, "Delete")
    sidebar.accept()
    expect(sidebar.row(name)).to_have_count(0)
    toast = screen.locator(".Toastify__toast--success", has_text=f"docker rm -f {name}")
    toast.get_by_role("button", name="Undo").click()
    expect(sidebar.row(name)).to_have_count(1)


def test_rows_are_walked_and_their_menu_opened_by_keyboard(sidebar, container, screen):
    first, second = container(), container()
    for each in (first, second):  # what runs stands before what does not yet
        sidebar.is_in_state(each, "running")
    sidebar.press(second, "Home")
    names = [each.get_attribute("data-name") for each in screen.locator(".dockyard-row[data-kind=container]").all()]
    for each in names:
        expect(sidebar.row(each)).to_be_focused()
        screen.keyboard.press("ArrowDown")
    sidebar.press(first, "Shift+F10")
    expect(screen.locator(".lm-Menu-itemLabel", has_text=re.compile("^Stop$"))).to_be_visible()
    screen.keyboard.press("Escape")


def test_a_shell_the_output_and_the_page_of_a_container(sidebar, name, screen, picture):
    sidebar.is_in_state(name, "running")
    sidebar.press(name, "t")
    rows = screen.locator(".dockyard-stream:visible .xterm-rows")
    expect(rows).to_contain_text("#")
    screen.keyboard.type("echo in-$((40+2)); exit 5\n")
    expect(rows).to_contain_text("in-42")
    expect(screen.locator(".dockyard-stream-head:visible")).to_contain_text("ended with exit code 5")
    sidebar.press(name, "Enter")
    expect(screen.locator(".dockyard-stream:visible .xterm-rows")).to_contain_text("httpd")
    picture(screen, "sidebar-output")
    sidebar.choose(name, "Show its page")
    frame = screen.frame_locator(".dockyard-preview iframe")
    expect(frame.get_by_text("It works!")).to_be_visible()
    assert screen.locator(".dockyard-preview iframe").get_attribute("sandbox") == ""


def test_files_are_copied_in_and_out(sidebar, name, lab, client, screen, shell):
    (lab.folder / "mine.txt").write_text("from the file browser")
    sidebar.choose(name, "Copy a file into it…")
    sidebar.dialog().locator("input").fill(f"{lab.below}mine.txt")
    sidebar.accept()
    sidebar.dialog().locator("input").fill("/tmp/")
    sidebar.accept()
    sidebar.says("docker cp")
    assert shell(name, "cat /tmp/mine.txt") == "from the file browser"
    shell(name, "echo changed > /tmp/mine.txt")
    sidebar.choose(name, "Copy a file out of it…")
    sidebar.dialog().locator("input").fill("/tmp/mine.txt")
    sidebar.accept()
    sidebar.dialog().locator("input").fill(f"{lab.below}mine.txt")
    sidebar.accept()
    expect(sidebar.dialog()).to_contain_text("replaced")
    sidebar.accept()
    eventually(lambda: is_changed(lab), AssertionError)


def is_changed(lab):
    assert (lab.folder / "mine.txt").read_text() == "changed\n"


def test_all_lists_fit_where_the_sidebar_is(at_the_right, sidebar, screen):
    last = screen.locator(".dockyard-sidebar .jp-AccordionPanel-title").last
    panel = screen.locator(".dockyard-sidebar")

    def fits():
        box, around = last.bounding_box(), panel.bounding_box()
        assert box["y"] + box["height"] <= around["y"] + around["height"] + 1

    eventually(fits, AssertionError, timeout_s=20)


def test_a_file_is_dragged_onto_a_container(at_the_right, sidebar, name, lab, screen, shell):
    """The file browser is at the left too, so it is dragged from there to the sidebar, which was moved to the right."""
    (lab.folder / "dragged.txt").write_text("dragged")
    sidebar.is_in_state(name, "running")
    screen.locator('.jp-SideBar [data-id="filebrowser"]').click()
    expect(sidebar.row(name)).to_be_visible()
    source = screen.locator(".jp-DirListing-item", has_text="dragged.txt").bounding_box()
    target = sidebar.row(name).bounding_box()
    screen.mouse.move(source["x"] + 40, source["y"] + 8)
    screen.mouse.down()
    screen.mouse.move(source["x"] + 80, source["y"] + 20, steps=5)
    screen.mouse.move(target["x"] + 60, target["y"] + 12, steps=10)
    expect(sidebar.row(name)).to_have_class(re.compile("dockyard-mod-over"))
    screen.mouse.up()
    sidebar.says("docker cp")
    assert shell(name, "cat /dragged.txt") == "dragged"


def test_a_dockerfile_is_built_and_a_compose_file_brought_up_by_their_buttons(sidebar, client, lab, screen, picture):
    project = f"test-{uuid.uuid4().hex[:8]}"
    (lab.folder / "Dockerfile").write_text("FROM busybox\nCMD sleep 1000\n")
    (lab.folder / "compose.yaml").write_text(f"name: {project}\nservices:\n  web:\n    image: {project}\n")
    screen.locator('.jp-SideBar [data-id="filebrowser"]').click()

    def opened(name):
        screen.locator(".jp-DirListing-item", has_text=name).dblclick()
        return screen.locator(".jp-FileEditor:visible"), screen.locator(".jp-Toolbar:visible")

    try:
        editor, tools = opened("Dockerfile")
        expect(editor.locator(".cm-line").first).to_have_text("FROM busybox")
        tools.get_by_text("Build", exact=True).click()
        sidebar.dialog().locator("input").fill(project)
        sidebar.accept()
        sidebar.says(f"docker build -t {project}")
        assert client.find_json("/images/{}/json", project)

        editor, tools = opened("compose.yaml")
        expect(editor.locator(".cm-line").first).to_have_text(f"name: {project}")
        editor.locator(".cm-content").press("Control+End")
        screen.keyboard.type("    labels: [typed=here]")
        tools.get_by_text("Bring up", exact=True).click()
        sidebar.says("docker compose")
        picture(screen, "sidebar-compose")
        made = client.find_json("/containers/{}/json", f"{project}-web-1")
        assert made["State"]["Running"]
        assert made["Config"]["Labels"]["typed"] == "here"
    finally:
        if client.find_json("/containers/{}/json", f"{project}-web-1"):
            client.api.remove_container(f"{project}-web-1", force=True)
            client.api.remove_network(f"{project}_default")
        if client.find_json("/images/{}/json", project):
            client.api.remove_image(project)


def test_images_volumes_and_networks(sidebar, client, screen):
    volume = f"test-{uuid.uuid4().hex[:8]}"
    client.api.create_volume(volume)
    try:
        expect(sidebar.row(volume, "volume")).to_contain_text("not in use")
        sidebar.choose(volume, "Remove", kind="volume")
        expect(sidebar.dialog()).to_contain_text(f"docker volume rm {volume}")
        sidebar.accept()
        expect(sidebar.row(volume, "volume")).to_have_count(0)
    finally:
        if client.find_json("/volumes/{}", volume):
            client.api.remove_volume(volume)
    tag = f"test-{uuid.uuid4().hex[:8]}"
    client.api.tag("busybox", tag, "13")
    try:
        sidebar.press(f"{tag}:13", "Delete", kind="image")
        expect(sidebar.dialog()).to_contain_text(f"docker rmi {tag}:13")
        sidebar.accept()
        expect(sidebar.row(f"{tag}:13", "image")).to_have_count(0)
        assert not client.find_json("/images/{}/json", f"{tag}:13")
    finally:
        if client.find_json("/images/{}/json", f"{tag}:13"):
            client.api.remove_image(f"{tag}:13")
    screen.locator(".dockyard-sidebar .jp-AccordionPanel-title", has_text="Networks").click()
    expect(sidebar.row("bridge", "network")).to_be_visible()


@pytest.mark.parametrize("spoken", ["ko"])
def test_everything_is_said_in_korean_too(sidebar, name, screen, picture):
    sidebar.is_in_state(name, "running")
    expect(screen.locator(".dockyard-sidebar .jp-AccordionPanel-title").first).to_have_text("컨테이너")
    sidebar.row(name).click(button="right")
    expect(screen.locator(".lm-Menu-itemLabel", has_text="셸 열기")).to_be_visible()
    picture(screen, "sidebar-korean")
    screen.keyboard.press("Escape")
    sidebar.press(name, "Delete")
    expect(sidebar.dialog().locator("tr[data-action=remove]").first).to_contain_text("컨테이너")


def test_a_dark_theme_and_a_narrow_page(sidebar, name, screen, picture):
    expect(sidebar.row(name)).to_be_visible()
    screen.evaluate("document.querySelector('.jp-SideBar [data-id=dockyard-sidebar]').scrollIntoView()")
    screen.get_by_role("menuitem", name="Settings").click()
    screen.locator(".lm-Menu-item", has_text="Theme").first.hover()
    screen.locator(".lm-Menu-item", has_text="JupyterLab Dark").first.click()
    expect(screen.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    picture(screen, "sidebar-dark")
    screen.set_viewport_size({"width": 640, "height": 900})
    sidebar.row(name).hover()
    picture(screen, "sidebar-narrow")
    box, list_box = sidebar.row(name).bounding_box(), screen.locator(".dockyard-list").first.bounding_box()
    assert box["x"] + box["width"] <= list_box["x"] + list_box["width"] + 1
