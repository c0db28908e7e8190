"""The lines of the prunes, and what --filter takes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.errors import BadValue, UnknownFlag, WrongCount
from dockyard.tasks import Prune
from dockyard.tasks.prune_filters import PruneFilters

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LABEL = st.from_regex(r"[a-z]{1,6}(=[a-z0-9 ']{1,4})?", fullmatch=True)
FILTERS = st.lists(st.tuples(st.sampled_from(["label", "label!"]), LABEL).map("=".join), max_size=2).map(tuple)
UNTIL = st.sampled_from([(), ("until=24h",), ("until=2026-01-31T10:00:00Z",), ("until=1700000000",)])
LABELLED = st.tuples(UNTIL, FILTERS).map(lambda parts: parts[0] + parts[1])
TASKS = st.one_of(
    st.builds(Prune, st.sampled_from(["container", "network"]), filters=LABELLED, force=st.booleans()),
    st.builds(Prune, st.just("image"), st.booleans(), filters=LABELLED, force=st.booleans()),
    st.builds(Prune, st.just("volume"), st.booleans(), filters=FILTERS, force=st.booleans(), keep=st.booleans()),
    st.builds(Prune, st.just("builder"), st.booleans(), filters=UNTIL),
    st.builds(Prune, st.just("system"), st.booleans(), st.booleans(), FILTERS, st.booleans()),
    st.builds(Prune, st.just("system"), st.booleans(), filters=LABELLED),
)


@given(TASKS)
def test_a_task_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("docker container prune", Prune("container")),
        ("docker image prune -af", Prune("image", all=True, force=True)),
        ("docker volume prune --all --filter label!=keep", Prune("volume", all=True, filters=("label!=keep",))),
        ("docker system prune -a --volumes", Prune("system", all=True, volumes=True)),
        ("docker builder prune --filter=until=24h", Prune("builder", filters=("until=24h",))),
    ],
)
def test_lines_as_people_write_them(line, task):
    assert dockyard.parse(line) == task


@pytest.mark.parametrize(
    ("line", "error", "named"),
    [
        ("docker container prune -a", UnknownFlag, "-a"),
        ("docker network prune --volumes", UnknownFlag, "--volumes"),
        ("docker builder prune --keep-storage 1GB", UnknownFlag, "--keep-storage"),
        ("docker volume prune vol", WrongCount, "volume prune"),
        ("docker volume prune --filter until=24h", BadValue, "label=KEY"),
        ("docker builder prune --filter label=a", BadValue, "until=24h"),
        ("docker system prune --volumes --filter until=24h", BadValue, "--volumes"),
        ("docker image prune --filter until=soon", BadValue, "an age such as 24h"),
        ("docker image prune --filter until=1h --filter until=2h", BadValue, "until=2h"),
        ("docker image prune --filter dangling=false", BadValue, "dangling=false"),
        ("docker image prune --filter label", BadValue, "label"),
    ],
)
def test_other_lines_are_refused(line, error, named):
    with pytest.raises(error, match=named):
        dockyard.parse(line)


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("24h", NOW - timedelta(hours=24)),
        ("1h30m", NOW - timedelta(minutes=90)),
        ("1.5h", NOW - timedelta(minutes=90)),
        ("90s", NOW - timedelta(seconds=90)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2026-01-31T10:00:00Z", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T10:00:00.123456789+09:00", datetime(2026, 1, 31, 1, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_moments(until, moment):
    assert PruneFilters.parse([f"until={until}"]).latest(NOW) == moment


def test_a_date_is_of_this_machine_s_time_zone():
    assert PruneFilters.parse(["until=2026-01-31"]).latest(NOW) == datetime(2026, 1, 31).astimezone()


@pytest.mark.parametrize("text", ["h", "1d", "-1h", "2026-13-01", "9" * 40, "1h x"])
def test_no_moments(text):
    with pytest.raises(BadValue):
        PruneFilters.parse([f"until={text}"])


@pytest.mark.parametrize(
    ("filters", "labels", "goes"),
    [
        (["label=a"], {"a": "1"}, True),
        (["label=a=1"], {"a": "1"}, True),
        (["label=a=2"], {"a": "1"}, False),
        (["label=a", "label=b"], {"a": ""}, False),
        (["label!=a"], {"a": "1"}, False),
        (["label!=a=2"], {"a": "1"}, True),
        (["label!=a"], None, True),
        (["label=a"], None, False),
    ],
)
def test_labels(filters, labels, goes):
    assert PruneFilters.parse(filters).match_labels(labels) is goes
