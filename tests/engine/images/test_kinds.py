"""An image's configuration is taken only if each field is of its kind: one poisoned image must not spoil every list of images."""

import json

import pytest

from dockyard.engine.errors import BadParameter
from dockyard.engine.images.kinds import require_kinds


def whole(**fields):
    return {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"diff_ids": []}, "history": [], **fields}


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ([], "not a JSON object"),
        (whole(config="x"), "Image.config of type map"),
        (whole(container_config=[1]), "Image.container_config"),
        (whole(config={"Labels": [1]}), "Config.Labels of type map[string]string"),
        (whole(config={"Labels": {"a": 5}}), "Config.Labels"),
        (whole(config={"Env": "PATH=/bin"}), "Config.Env of type []string"),
        (whole(config={"Cmd": [1]}), "Config.Cmd"),
        (whole(config={"Tty": "yes"}), "Config.Tty of type bool"),
        (whole(config={"StopTimeout": True}), "Config.StopTimeout of type int"),
        (whole(config={"Healthcheck": {"Test": "true"}}), "HealthConfig.Test"),
        (whole(created=5), "number into Go struct field Image.created of type string"),
        (whole(history=["x"]), "Image.history"),
        (whole(history=[{"created": 7}]), "History.created"),
        (whole(rootfs={"diff_ids": [1]}), "RootFS.diff_ids"),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(config, named):
    with pytest.raises(BadParameter) as caught:
        require_kinds(config)
    assert named in str(caught.value)


def test_what_is_missing_null_or_unknown_is_fine():
    require_kinds({})
    require_kinds(whole(config=None, history=None, rootfs=None, created=None, config_of_tomorrow=[1, {}]))
    require_kinds(whole(config={"Labels": None, "Env": None, "Cmd": None, "Healthcheck": None}))


def test_an_image_of_the_wrong_kinds_is_not_taken_and_spoils_no_list(bench):
    with pytest.raises(BadParameter, match=r"Config\.Labels"):
        bench.images.add(json.dumps(whole(config={"Labels": ["x"]})).encode(), [])
    deep = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(BadParameter, match="invalid image configuration"):
        bench.images.add(deep, [])
    assert bench.images.list() == []


@pytest.mark.parametrize("created", ["rubbish", "0000-00-00T00:00:00Z", ""])
def test_a_moment_that_can_not_be_read_is_shown_as_none(bench, created):
    image = bench.image("web:1", created=created, layers=[bench.layer()])
    (shown,) = bench.images.list()
    assert shown["Created"] == -62135596800
    assert bench.images.history(image.id)[0]["Created"] == -62135596800
