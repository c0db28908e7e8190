from typing import Any

import pytest

from dockyard.engine.registry.progress import Bar, bar_text, human_size, message, short_id, step


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0B"), (999, "999B"), (37888, "37.89kB"), (1983468, "1.983MB"), (2140160, "2.14MB"), (41440096, "41.44MB")],
)
def test_sizes_are_printed_as_docker_prints_them(size_bytes: int, text: str) -> None:
    assert human_size(size_bytes) == text


# From a real daemon's streams.
@pytest.mark.parametrize(
    ("current", "total", "text"),
    [
        (37888, 1983468, "[>                                                  ]  37.89kB/1.983MB"),
        (2140160, 1983468, "[==================================================>]   2.14MB"),
        (0, 0, ""),
        (512, 0, "    512B"),
    ],
)
def test_bars_are_those_of_docker(current: int, total: int, text: str) -> None:
    assert bar_text(current, total) == text


def test_records_have_the_shape_that_clients_know() -> None:
    assert message("Pulling from library/busybox", "latest") == {
        "status": "Pulling from library/busybox",
        "id": "latest",
    }
    assert message("Digest: sha256:ab") == {"status": "Digest: sha256:ab"}
    assert step("Pull complete", short_id("sha256:746bca7581829a0b")) == {
        "status": "Pull complete",
        "progressDetail": {},
        "id": "746bca758182",
    }


def test_a_bar_moves_ten_times_a_second_at_most_and_always_to_its_end() -> None:
    records: list[dict[str, Any]] = []
    bar = Bar(records.append, "Downloading", "abc", 10_000)
    for count in range(1, 10_001):
        bar(count)
    bar(10_000)
    assert records[0]["progressDetail"] == {"current": 1, "total": 10_000}
    assert records[-1]["progressDetail"] == {"current": 10_000, "total": 10_000}
    assert 2 <= len(records) < 20
