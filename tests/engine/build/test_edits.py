"""Single lines of a Dockerfile that change a configuration."""

import pytest

from dockyard.engine.build.edits import edit
from dockyard.engine.errors import BadParameter
from dockyard.engine.images.describe import run_config


def test_lines_change_a_configuration():
    config = edit(
        run_config({"Cmd": ["sh"], "Env": ["a=b"]}), ['CMD ["x", "$a"]', "ENV c=$a\nEXPOSE 80", "WORKDIR sub"]
    )
    assert (config["Cmd"], config["Env"], config["WorkingDir"]) == (["x", "$a"], ["a=b", "c=b"], "/sub")
    assert config["ExposedPorts"] == {"80/tcp": {}}


def test_a_check_may_replace_another():
    before = run_config({"Healthcheck": {"Test": ["CMD", "a"], "Retries": 3}})
    assert edit(before, ["HEALTHCHECK CMD b"])["Healthcheck"] == {"Test": ["CMD-SHELL", "b"], "Retries": 3}


@pytest.mark.parametrize("line", ["RUN x", "COPY a b"])
def test_what_changes_files_is_refused(line):
    with pytest.raises(BadParameter, match="is not a valid change command"):
        edit(run_config({}), [line])
