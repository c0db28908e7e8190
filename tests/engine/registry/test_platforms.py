import pytest

from dockyard.engine.errors import BadParameter
from dockyard.engine.registry.platforms import Platform


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("linux/x86_64", Platform("linux", "amd64")),
        ("Linux/ARM64/v8", Platform("linux", "arm64", "v8")),
        ("linux/arm/v7", Platform("linux", "arm", "v7")),
        ("linux/armhf", Platform("linux", "arm", "v7")),
        ("aarch64", Platform("linux", "arm64")),
        ("windows/amd64", Platform("windows", "amd64")),
    ],
)
def test_a_platform_is_written_in_several_ways(text: str, means: Platform) -> None:
    assert Platform.parse(text) == means


def test_a_system_alone_means_this_machines_processor() -> None:
    assert Platform.parse("linux") == Platform.here()


@pytest.mark.parametrize("text", ["a/b/c/d", "linux/", "/", "pdp11"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(BadParameter, match="invalid argument"):
        Platform.parse(text)


@pytest.mark.parametrize(
    ("wanted", "offered", "rank"),
    [
        ("linux/amd64", "linux/amd64", 0),
        ("linux/amd64", "linux/amd64/v2", None),
        ("linux/amd64/v3", "linux/amd64", 2),
        ("linux/arm64", "linux/arm64/v8", 0),
        ("linux/arm64/v8", "linux/arm64", 0),
        ("linux/arm/v7", "linux/arm/v6", 1),
        ("linux/arm/v6", "linux/arm/v7", None),
        ("linux/amd64", "windows/amd64", None),
        ("linux/amd64", "linux/arm64", None),
    ],
)
def test_an_image_suits_a_machine_that_runs_its_variant(wanted: str, offered: str, rank: int | None) -> None:
    assert Platform.parse(wanted).rank(Platform.parse(offered)) == rank


def test_it_is_written_as_docker_writes_it() -> None:
    assert str(Platform("linux", "arm64", "v8")) == "linux/arm64/v8"
    assert Platform.of({"os": "linux", "architecture": "amd64"}).to_json() == {"architecture": "amd64", "os": "linux"}
