import pytest

from dockyard.engine.registry.challenges import challenges


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", []),
        ('Basic realm="basic-realm"', [("basic", {"realm": "basic-realm"})]),
        ("Negotiate", [("negotiate", {})]),
        (
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
            [
                (
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        (
            'Basic realm=plain, BEARER Realm = "a \\"quoted\\", b" , error=invalid_token',
            [("basic", {"realm": "plain"}), ("bearer", {"realm": 'a "quoted", b', "error": "invalid_token"})],
        ),
        ('realm="nobody\'s"', []),
        (",,,", []),
    ],
)
def test_challenges_are_taken_apart(header: str, found: list[tuple[str, dict[str, str]]]) -> None:
    assert challenges(header) == found


def test_a_hostile_header_takes_no_time() -> None:
    assert challenges("a" * 60_000 + '="' + "\\" * 60_000) == []
