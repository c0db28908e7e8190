"""Lesson 2 walked with the mouse, in both languages."""

import pytest

from laboratory import WORDS, press, serves, shows

pytestmark = [pytest.mark.engine, pytest.mark.browser]

PAGES = {"en": "Hello from my own page!", "ko": "제가 만든 페이지입니다!"}


def test_a_learner_copies_a_page_into_apache_by_clicking(language, learner, lab, notebook, screen, picture, docker_cli):
    words = WORDS[language]
    book = notebook(f"{language}/02_copy.ipynb")
    book.run("import dockyard")

    panel = book.run("dockyard.panels.run(")
    assert "docker run --name apa000ex19 -d -p 8080:80 httpd" in panel.inner_text()
    press(panel, words["plan"])
    shows(panel, words["new"])
    picture(screen, f"lesson-copy-{language}-0-plan")
    press(panel, words["run"])
    serves(panel, "It works!")
    book.check("run")
    picture(screen, f"lesson-copy-{language}-1-run")

    book.run("%%writefile index.html")
    book.check("write")

    panel = book.run('dockyard.panels.copy("index.html"')
    press(panel, words["plan"])
    panel.get_by_text("index.html").last.wait_for()
    picture(screen, f"lesson-copy-{language}-1-then")
    press(panel, words["run"])
    serves(panel, "It works!")
    serves(panel, PAGES[language], 2)
    book.check("copy-in")
    picture(screen, f"lesson-copy-{language}-2-copied")
    # The real command line agrees with what the panel did.
    ours = (lab.folder / language / "index.html").read_text(encoding="utf-8")
    assert docker_cli("exec", "apa000ex19", "cat", "/usr/local/apache2/htdocs/index.html") == ours
    assert "C /usr/local/apache2/htdocs/index.html" in docker_cli("diff", "apa000ex19")

    shown = book.run("dockyard.panels.preview(", 1)
    serves(shown, PAGES[language])
    book.check("cache")
    picture(screen, f"lesson-copy-{language}-3-cache")

    panel = book.run("from_container")
    press(panel, words["run"])
    shows(panel, "✔")
    book.check("copy-out")
    assert (lab.folder / language / "from_container/index.html").read_text(encoding="utf-8") == ours

    panel = book.run('dockyard.panels.copy("apa_folder"')
    press(panel, words["run"])
    shows(panel, "✔")
    book.check("folder")
    press(panel, words["undo"])
    shows(panel, words["undone"])
    assert "A /usr/local/apache2/htdocs/apa_folder" not in docker_cli("diff", "apa000ex19")
    picture(screen, f"lesson-copy-{language}-4-undone")
