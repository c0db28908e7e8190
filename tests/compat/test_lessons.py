"""Every lesson can be passed on every engine."""

import pytest

import dockyard
from dockyard.lessons import LESSONS, tour

WITH_STEPS = [lesson for lesson in LESSONS if lesson.steps]


@pytest.mark.parametrize("lesson", WITH_STEPS, ids=lambda lesson: lesson.key)
def test_the_tour_passes_and_leaves_nothing(lesson, book_ports, client):
    def things():
        return (
            set(dockyard.containers(client)["name"]),
            set(dockyard.volumes(client)["name"]),
            set(dockyard.images(client)["id"]),
        )

    before, lines = things(), []
    assert tour(client, [lesson], lines.append) == 0, "\n".join(lines)
    assert sum("✔" in line for line in lines) == len(lesson.steps)
    assert things() == before
