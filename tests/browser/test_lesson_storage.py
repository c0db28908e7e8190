"""Lessons 3 and 5 walked with the mouse, in both languages: storage from outside, and a volume's backup."""

import tarfile

import pytest
import requests
from playwright.sync_api import Locator, expect

from dockyard.lessons import LESSONS
from dockyard.lessons.progress import done_steps
from laboratory import WORDS, Notebook, press, serves, shows
from volumes import listing

pytestmark = [pytest.mark.engine, pytest.mark.browser]

HTDOCS = "/usr/local/apache2/htdocs"


def fill(panel: Locator, label: str, value: str) -> None:
    """Type into a field of a panel, as far as its command line follows."""
    field = panel.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Tab")
    expect(panel.locator("code").first).to_contain_text(value)


def mounts_of(client, name: str) -> list[tuple[str, str, str]]:
    found = client.get_json("/containers/{}/json", name)["Mounts"]
    return [(each["Type"], each.get("Name") or each["Source"], each["Destination"]) for each in found]


def ends(book: Notebook, client, key: str, last: Locator, words: dict[str, str]) -> None:
    """The lesson is told as done, by its last check and by its list of steps, and it is on record."""
    lesson = next(each for each in LESSONS if each.key == key)
    expect(last).to_contain_text(words["done"])
    told = book.run("import dockyard")
    expect(told).to_contain_text(words["done"])
    expect(told.locator("li").filter(has_text="✔")).to_have_count(len(lesson.steps))
    assert done_steps(client.data_dir, key) == {step.key for step in lesson.steps}


def test_a_learner_mounts_storage_by_clicking(language, learner, lab, notebook, screen, picture, client, shell):
    words = WORDS[language]
    folder = lab.folder / language / "apa_folder"
    book = notebook(f"{language}/03_mounts.ipynb")
    book.run("import dockyard")

    # What is written into a container goes with it.
    panel = book.run('panels.run("httpd", name="apa000ex20", ports="8090:80")')
    press(panel, words["run"])
    serves(panel, "It works!")
    book.run("echo remember me")
    book.check("write")
    assert shell("apa000ex20", f"cat {HTDOCS}/note.txt") == "remember me\n"
    written = client.get_json("/containers/{}/json", "apa000ex20")["Id"]

    book.run("%docker rm -f apa000ex20")
    assert client.find_json("/containers/{}/json", "apa000ex20") is None
    panel = book.run('panels.run("httpd", name="apa000ex20", ports="8090:80")', 1)
    press(panel, words["run"])
    serves(panel, "It works!")
    book.check("lose")
    assert client.get_json("/containers/{}/json", "apa000ex20")["Id"] != written
    assert shell("apa000ex20", f"ls {HTDOCS}") == "index.html\n"

    # A folder of this machine, which the plan misses where it is mistyped.
    book.run("%docker rm -f apa000ex20", 1)
    panel = book.run("folder.mkdir(")
    fill(panel, words["mounts"], f"{folder}-mistyped:{HTDOCS}")
    press(panel, words["plan"])
    shows(panel, f"mkdir -p {folder}-mistyped")
    fill(panel, words["mounts"], f"{folder}:{HTDOCS}")
    press(panel, words["run"])
    serves(panel, "Index of /")
    serves(book.run("dockyard.panels.preview("), "Index of /")
    book.check("bind-empty")
    assert mounts_of(client, "apa000ex20") == [("bind", str(folder), HTDOCS)]
    assert [each.name for each in folder.parent.glob("apa_folder*")] == ["apa_folder"]

    book.run("%%writefile apa_folder/index.html")
    serves(book.run("dockyard.panels.preview(", 1), "From a folder of this machine")
    book.check("bind-file")
    picture(screen, f"lesson-mounts-{language}-1-bind")
    page = (folder / "index.html").read_text()
    assert shell("apa000ex20", f"cat {HTDOCS}/index.html") == page
    assert requests.get("http://localhost:8090/", timeout=30).text == page

    # A volume, which the plan would make where it is mistyped.
    book.run("%docker volume create apa000vol1")
    panel = book.run('panels.run("httpd", name="apa000ex21"')
    fill(panel, words["mounts"], f"apa000vol7:{HTDOCS}")
    press(panel, words["plan"])
    shows(panel, "docker volume create apa000vol7")
    assert client.find_json("/volumes/{}", "apa000vol7") is None
    fill(panel, words["mounts"], f"apa000vol1:{HTDOCS}")
    press(panel, words["run"])
    serves(panel, "It works!")
    mountpoint = client.get_json("/volumes/{}", "apa000vol1")["Mountpoint"]
    expect(book.run("%docker volume inspect")).to_contain_text(mountpoint)
    book.check("volume")
    assert mounts_of(client, "apa000ex21") == [("volume", "apa000vol1", HTDOCS)]
    book.run("echo still here")
    book.check("volume-write")
    assert listing(client, "apa000vol1")["note.txt"][5] == b"still here\n"

    # Memory, which is empty after a restart.
    panel = book.run('panels.run("busybox"')
    press(panel, words["run"])
    shows(panel, "✔")
    expect(book.run("echo quick")).to_contain_text("note.txt")
    book.check("tmpfs")
    assert "/scratch" in client.get_json("/containers/{}/json", "apa000tmp")["HostConfig"]["Tmpfs"]
    assert shell("apa000tmp", "cat /scratch/note.txt") == "quick\n"
    book.run("%docker restart")
    last = book.check("tmpfs-gone")
    assert shell("apa000tmp", "ls -A /scratch") == ""

    expect(book.run("dockyard.parse(")).to_contain_text("apa_folder/sub")
    picture(screen, f"lesson-mounts-{language}-2-last")
    ends(book, client, "mounts", last, words)
    picture(screen, f"lesson-mounts-{language}-3-done")

    panel = book.run('dockyard.panels.reset("mounts")')
    for name in ("apa000ex20", "apa000ex21", "apa000tmp", "apa000vol1", str(folder)):
        shows(panel, name)
    picture(screen, f"lesson-mounts-{language}-4-reset")
    press(panel, words["reset"])
    shows(panel, words["anew"])
    for name in ("apa000ex20", "apa000ex21", "apa000tmp"):
        assert client.find_json("/containers/{}/json", name) is None
    assert client.find_json("/volumes/{}", "apa000vol1") is None
    assert not folder.exists()


def test_a_learner_backs_a_volume_up_and_restores_it_by_clicking(
    language, learner, lab, notebook, screen, picture, client
):
    words = WORDS[language]
    archive = lab.folder / language / "backup_apa.tar.gz"
    book = notebook(f"{language}/05_backup.ipynb")
    book.run("import dockyard")

    panel = book.run("dockyard.panels.run(")
    press(panel, words["run"])
    serves(panel, "It works!")
    expect(book.check("fill")).to_contain_text("index.html")
    held = listing(client, "apa000vol1")
    assert b"It works!" in held["index.html"][5]

    book.run("%docker stop")
    book.check("stop")
    assert not client.get_json("/containers/{}/json", "apa000ex21")["State"]["Running"]

    # A volume that is not there is neither backed up nor made.
    panel = book.run("dockyard.panels.backup(")
    fill(panel, words["volume"], "apa000vol9")
    press(panel, words["plan"])
    expect(panel.get_by_role("alert")).to_contain_text("apa000vol9")
    assert client.find_json("/volumes/{}", "apa000vol9") is None
    fill(panel, words["volume"], "apa000vol1")
    press(panel, words["plan"])
    shows(panel, words["new"])
    shows(panel, str(archive))
    assert not archive.exists()
    press(panel, words["run"])
    shows(panel, "✔")
    picture(screen, f"lesson-backup-{language}-1-backup")
    expect(book.run("import tarfile")).to_contain_text("index.html")
    book.check("backup")
    with tarfile.open(archive) as packed:
        files = {each.name.removeprefix("./"): packed.extractfile(each).read() for each in packed if each.isfile()}
    assert files == {name: each[5] for name, each in held.items() if name in files}
    assert "index.html" in files
    assert archive.with_name(f"{archive.name}.manifest.json").is_file()

    panel = book.run("dockyard.panels.restore(")
    press(panel, words["plan"])
    shows(panel, words["new"])
    assert client.find_json("/volumes/{}", "apa000vol2") is None
    press(panel, words["run"])
    shows(panel, "✔")
    last = book.check("restore")
    assert listing(client, "apa000vol2") == listing(client, "apa000vol1") == held

    expect(book.run("dockyard.tasks.Restore(")).to_contain_text("cut.tar.gz")
    assert client.find_json("/volumes/{}", "apa000vol3") is None
    picture(screen, f"lesson-backup-{language}-2-last")
    ends(book, client, "backup", last, words)
    picture(screen, f"lesson-backup-{language}-3-done")

    kept = archive.read_bytes()
    panel = book.run('dockyard.panels.reset("backup")')
    for name in ("apa000ex21", "apa000vol1", "apa000vol2", str(archive)):
        shows(panel, name)
    picture(screen, f"lesson-backup-{language}-4-reset")
    press(panel, words["reset"])
    shows(panel, words["anew"])
    assert client.find_json("/containers/{}/json", "apa000ex21") is None
    assert [client.find_json("/volumes/{}", name) for name in ("apa000vol1", "apa000vol2")] == [None, None]
    assert not archive.exists()
    aside = (client.data_dir / "put-aside").glob(f"*/{archive.name}")
    assert kept in [each.read_bytes() for each in aside]
