"""What was passed is kept for every kernel, and stays passed when a lesson is begun anew."""

import subprocess
import sys

from dockyard.lessons import LESSONS
from dockyard.lessons.place import next_step, place
from dockyard.lessons.progress import begin_anew, done_steps, last_lesson, passed, passed_steps, remember
from dockyard.tasks import Evidence


def evidence(**facts):
    return Evidence(True, "seen", facts)


def test_the_first_evidence_stays(tmp_path):
    remember(tmp_path, "copy", "run", evidence(number=1))
    remember(tmp_path, "copy", "run", evidence(number=2))
    assert passed(tmp_path, "copy", "run")["facts"] == {"number": 1}


def test_a_lesson_begun_anew_stays_passed_and_rests_on_new_evidence(tmp_path):
    remember(tmp_path, "copy", "run", evidence(number=1))
    at = passed(tmp_path, "copy", "run")["at"]
    begin_anew(tmp_path, "copy")
    assert passed_steps(tmp_path, "copy") == {"run"}
    assert done_steps(tmp_path, "copy") == set()
    assert passed(tmp_path, "copy", "run") is None
    remember(tmp_path, "copy", "run", evidence(number=2))
    again = passed(tmp_path, "copy", "run")
    assert (again["at"], again["facts"]) == (at, {"number": 2})


def test_one_goes_on_where_the_last_step_was_passed(tmp_path):
    assert last_lesson(tmp_path) is None
    assert place(tmp_path, LESSONS).lesson.key == "copy"
    remember(tmp_path, "copy", "run", evidence())
    remember(tmp_path, "mounts", "write", evidence())
    found = place(tmp_path, LESSONS)
    assert (found.lesson.key, found.step.key) == ("mounts", "lose")
    begin_anew(tmp_path, "copy")
    remember(tmp_path, "copy", "run", evidence())
    assert place(tmp_path, LESSONS).step.key == "write"


def test_after_the_last_step_of_a_lesson_the_next_one_is_offered(tmp_path):
    lesson = next(each for each in LESSONS if each.key == "copy")
    for step in lesson.steps:
        remember(tmp_path, "copy", step.key, evidence())
    assert next_step(tmp_path, lesson) is None
    assert place(tmp_path, LESSONS).lesson.key == "mounts"


def test_kernels_that_write_at_once_lose_nothing(tmp_path):
    code = """
import sys
from pathlib import Path
from dockyard.lessons.progress import remember
from dockyard.tasks import Evidence
for number in range(15):
    remember(Path(sys.argv[1]), "copy", f"{sys.argv[2]}-{number}", Evidence(True, "seen"))
"""
    kernels = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "ab"]
    assert [each.wait(180) for each in kernels] == [0, 0]
    assert len(passed_steps(tmp_path, "copy")) == 30
