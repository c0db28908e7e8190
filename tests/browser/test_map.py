"""The map of lessons: it leads to where one stopped, and a click begins a lesson anew."""

import pytest
from playwright.sync_api import expect

from dockyard.lessons.progress import remember
from dockyard.tasks import Evidence

pytestmark = [pytest.mark.engine, pytest.mark.browser]


def test_the_map_leads_to_where_one_stopped_and_a_click_begins_anew(
    lab, notebook, screen, picture, docker_cli, client, own_folders
):
    remember(client.data_dir, "volumes", "create", Evidence(True, "made"))
    docker_cli("create", "--name", "apa000ex19", "httpd")
    try:
        book = notebook("en/01_map.ipynb")
        book.run("import dockyard")
        shown = book.run("dockyard.lessons.map()")
        where = shown.get_by_text("Go on where you were: lesson 4, Look after volumes")
        where.wait_for()
        picture(screen, "map")

        panel = book.run("dockyard.panels.reset()")
        panel.get_by_text("apa000ex19").wait_for()
        picture(screen, "reset")
        assert docker_cli("inspect", "-f", "{{.Name}}", "apa000ex19")
        panel.get_by_role("button", name="Remove these and begin anew", exact=True).click()
        panel.get_by_text("The lesson begins anew.").wait_for()
        assert "refused" in docker_cli("inspect", "apa000ex19", check=False)

        where.click()
        expect(screen.locator(".jp-mod-current.lm-TabBar-tab", has_text="04_volumes.ipynb")).to_be_visible()
    finally:
        docker_cli("rm", "-f", "apa000ex19", check=False)
        (client.data_dir / "progress.json").unlink(missing_ok=True)
