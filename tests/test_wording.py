"""Sizes and times as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from dockyard.wording import human_size, relative_time

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (0, "0B"),
        (999, "999B"),
        (1000, "1kB"),
        (1530, "1.53kB"),
        (188_400_000, "188MB"),
        (999_600, "1MB"),
        (2**31, "2.15GB"),
        (5 * 10**15, "5000TB"),
    ],
)
def test_sizes_are_written_as_docker_writes_them(size_bytes, shown):
    assert human_size(size_bytes) == shown


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(seconds=0), "just now"),
        (timedelta(seconds=5), "5 seconds ago"),
        (timedelta(minutes=90), "90 minutes ago"),
        (timedelta(hours=26), "26 hours ago"),
        (timedelta(days=10), "10 days ago"),
        (timedelta(days=400), "13 months ago"),
        (timedelta(days=800), "2 years ago"),
    ],
)
def test_times_are_written_as_ages(age, shown):
    assert relative_time(NOW - age, NOW) == shown
