"""Lesson 2 walked with the mouse, in both languages."""

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.browser]

WORDS = {
    "en": {
        "run": "Run",
        "plan": "Show what it will change",
        "undo": "Undo",
        "new": "new",
        "page": "Hello from my own page!",
        "done": "Taken back.",
    },
    "ko": {
        "run": "실행",
        "plan": "무엇이 바뀌는지 보기",
        "undo": "되돌리기",
        "new": "새로 생김",
        "page": "제가 만든 페이지입니다!",
        "done": "되돌렸습니다.",
    },
}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_learner_copies_a_page_into_apache_by_clicking(language, lab, notebook, screen, picture, docker_cli):
    words = WORDS[language]
    book = notebook(f"{language}/02_copy.ipynb")
    book.run("import dockyard")

    panel = book.run("dockyard.panels.run(")
    assert "docker run --name apa000ex19 -d -p 8080:80 httpd" in panel.inner_text()
    panel.get_by_role("button", name=words["plan"], exact=True).click()
    panel.get_by_text(words["new"]).first.wait_for()
    picture(screen, f"lesson-copy-{language}-0-plan")
    panel.get_by_role("button", name=words["run"], exact=True).click()
    panel.locator("iframe").first.content_frame.get_by_text("It works!").wait_for()
    assert "✔" in book.run('lesson.check("run")').inner_text()
    picture(screen, f"lesson-copy-{language}-1-run")

    book.run("%%writefile index.html")
    assert "✔" in book.run('lesson.check("write")').inner_text()

    panel = book.run('dockyard.panels.copy("index.html"')
    panel.get_by_role("button", name=words["plan"], exact=True).click()
    panel.get_by_text("index.html").last.wait_for()
    picture(screen, f"lesson-copy-{language}-1-then")
    panel.get_by_role("button", name=words["run"], exact=True).click()
    panel.locator("iframe").nth(3).wait_for()
    before, after = panel.locator("iframe").nth(0).content_frame, panel.locator("iframe").nth(2).content_frame
    before.get_by_text("It works!").wait_for()
    after.get_by_text(words["page"]).wait_for()
    assert "✔" in book.run('lesson.check("copy-in")').inner_text()
    picture(screen, f"lesson-copy-{language}-2-copied")
    # The real command line agrees with what the panel did.
    ours = (lab.folder / language / "index.html").read_text(encoding="utf-8")
    assert docker_cli("exec", "apa000ex19", "cat", "/usr/local/apache2/htdocs/index.html") == ours
    assert "C /usr/local/apache2/htdocs/index.html" in docker_cli("diff", "apa000ex19")

    shown = book.run("dockyard.panels.preview(", 1)
    shown.locator("iframe").first.content_frame.get_by_text(words["page"]).wait_for()
    assert "✔" in book.run('lesson.check("cache")').inner_text()
    picture(screen, f"lesson-copy-{language}-3-cache")

    panel = book.run("from_container")
    panel.get_by_role("button", name=words["run"], exact=True).click()
    panel.get_by_text("✔").wait_for()
    assert "✔" in book.run('lesson.check("copy-out")').inner_text()
    assert (lab.folder / language / "from_container/index.html").read_text(encoding="utf-8") == ours

    panel = book.run('dockyard.panels.copy("apa_folder"')
    panel.get_by_role("button", name=words["run"], exact=True).click()
    panel.get_by_text("✔").wait_for()
    assert "✔" in book.run('lesson.check("folder")').inner_text()
    panel.get_by_role("button", name=words["undo"], exact=True).click()
    panel.get_by_text(words["done"]).wait_for()
    assert "A /usr/local/apache2/htdocs/apa_folder" not in docker_cli("diff", "apa000ex19")
    picture(screen, f"lesson-copy-{language}-4-undone")
