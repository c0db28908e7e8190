import pytest

from dockyard.engine.errors import BadParameter
from dockyard.engine.timestamps import parse_duration_ns, parse_moment_ns, rfc3339_nano


@pytest.mark.parametrize(
    ("text", "expected_ns"),
    [
        ("1h30m", 5400 * 10**9),
        ("1.5s", 1_500_000_000),
        ("-10ms", -10_000_000),
        ("0", 0),
        (".5us", 500),
        ("10", None),
        ("", None),
        ("5 m", None),
        ("h", None),
    ],
)
def test_a_duration_is_read_as_go_writes_it(text, expected_ns):
    assert parse_duration_ns(text) == expected_ns


@pytest.mark.parametrize(
    ("text", "expected_ns"),
    [
        ("1700000000", 1_700_000_000 * 10**9),
        ("1700000000.000000005", 1_700_000_000 * 10**9 + 5),
        ("1700000000.5", 1_700_000_000 * 10**9 + 500_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000 * 10**9),
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000 * 10**9 + 123_456_789),
        ("2023-11-14T23:13+01:00", 1_699_999_980 * 10**9),
        ("10m", 400 * 10**9),
        ("0", 0),
    ],
)
def test_a_moment_is_seconds_or_a_date_or_a_duration_before_now(text, expected_ns):
    assert parse_moment_ns(text, 1000 * 10**9) == expected_ns


def test_a_date_without_a_zone_is_local():
    assert parse_moment_ns("2023-11-14") - parse_moment_ns("2023-11-13T23") == 3600 * 10**9


@pytest.mark.parametrize("text", ["yesterday", "2023-13-01", "2023-11-14T25:00Z", "1e9", ""])
def test_anything_else_is_refused_by_name(text):
    with pytest.raises(BadParameter, match="failed to parse value"):
        parse_moment_ns(text)


def test_a_moment_is_written_without_the_last_zeros():
    assert rfc3339_nano(1_700_000_000_120_000_000) == "2023-11-14T22:13:20.12Z"
    assert rfc3339_nano(1_700_000_000 * 10**9) == "2023-11-14T22:13:20Z"
