"""The lines of pull, push, login and logout, and what keeps a password from being seen."""

import copy
import json
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.errors import ConfigBroken, CredentialStoreFailed, MissingValue, UnknownFlag, WrongCount
from dockyard.tasks import Login, Logout, Pull, Push, Secret
from dockyard.tasks.logins import config_file, forget, keep, known_login

NAME = st.from_regex(r"[a-z0-9]{1,6}(/[a-z0-9]{1,4})?(:[a-z0-9]{1,4})?", fullmatch=True)
HOST = st.from_regex(r"[a-z0-9]{1,6}(\.[a-z]{2})?(:[0-9]{2,4})?", fullmatch=True)
USER = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
TASKS = st.one_of(
    st.builds(Pull, NAME, st.sampled_from(["", "linux/arm64"]), st.booleans()),
    st.builds(Push, NAME, st.booleans()),
    st.builds(Login, USER, st.just("") | HOST),
    st.builds(Logout, st.just("") | HOST),
)
CARROT = "carrot-and-radish"


@pytest.fixture(autouse=True)
def config(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return tmp_path / "docker" / "config.json"


@given(TASKS)
def test_a_task_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("docker pull localhost:5000/nyappacchi:13", Pull("localhost:5000/nyappacchi:13")),
        ("docker image push -q a/b", Push("a/b", quiet=True)),
        ("docker login localhost:5000 -u usagi", Login("usagi", "localhost:5000")),
        ("docker login --username=usagi --password-stdin", Login("usagi")),
        ("docker logout", Logout()),
    ],
)
def test_lines_as_people_write_them(line, task):
    assert dockyard.parse(line) == task


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("docker pull", WrongCount),
        ("docker pull -a busybox", UnknownFlag),
        ("docker push a b", WrongCount),
        ("docker login", MissingValue),
        ("docker login -u a b c", WrongCount),
        (f"docker login -u usagi -p {CARROT}", UnknownFlag),
        (f"docker login -u usagi --password={CARROT}", UnknownFlag),
    ],
)
def test_other_lines_are_refused_and_no_password_is_repeated(line, error):
    with pytest.raises(error) as caught:
        dockyard.parse(line)
    assert CARROT not in str(caught.value)


def test_a_secret_shows_itself_nowhere():
    secret = Secret(CARROT)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", repr([secret]), repr({"a": secret})]
    assert not any(CARROT in text for text in shown)
    for store in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            store(secret)
    assert (secret.reveal(), bool(secret), bool(Secret(""))) == (CARROT, True, False)


def test_the_code_of_a_login_asks_for_the_password(monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"{CARROT}{prompt and ''}")
    assert Login("usagi", "localhost:5000").code.endswith(
        "Login(user='usagi', registry='localhost:5000').run(dockyard.current(), secret=Secret.ask())"
    )
    assert Secret.ask().reveal() == CARROT


def test_a_log_in_is_kept_as_docker_keeps_it(config):
    config.parent.mkdir()
    config.write_text(json.dumps({"psFormat": "x", "auths": {"other": {"auth": "YTpi"}}}))
    assert keep("localhost:5000", "usagi", Secret(CARROT)) == str(config) == str(config_file())
    assert config.stat().st_mode & 0o777 == 0o600
    kept = json.loads(config.read_text())
    assert kept["psFormat"] == "x"
    assert set(kept["auths"]) == {"other", "localhost:5000"}
    user, secret = known_login("http://localhost:5000/v2/")
    assert (user, secret.reveal()) == ("usagi", CARROT)
    assert keep("docker.io", "hub", Secret("token"), is_token=True)
    assert json.loads(config.read_text())["auths"]["https://index.docker.io/v1/"]["identitytoken"] == "token"
    assert forget("localhost:5000")
    assert not forget("localhost:5000")
    assert known_login("localhost:5000")[0] == ""
    assert not list(config.parent.glob(".config-*"))


HELPER = """#!/bin/sh
store={store}
case "$1" in
store) cat > "$store" ;;
get) read -r key; [ -e "$store" ] || {{ echo "credentials not found in native keychain"; exit 1; }}; cat "$store" ;;
erase) rm "$store" ;;
esac
"""


def test_a_credential_helper_keeps_it_where_one_is_set_up(config, tmp_path, monkeypatch):
    helper = tmp_path / "docker-credential-lab"
    helper.write_text(HELPER.format(store=tmp_path / "store"))
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    config.parent.mkdir()
    config.write_text(json.dumps({"credsStore": "lab"}))
    assert known_login("localhost:5000")[0] == ""
    assert keep("localhost:5000", "usagi", Secret(CARROT)) == "docker-credential-lab"
    assert json.loads(config.read_text()) == {"credsStore": "lab", "auths": {"localhost:5000": {}}}
    user, secret = known_login("localhost:5000")
    assert (user, secret.reveal()) == ("usagi", CARROT)
    assert Logout("localhost:5000").plan(None).changes[0].name == "docker-credential-lab"
    assert forget("localhost:5000")
    assert not (tmp_path / "store").exists()


def everything_told(error):
    """What the most talkative of tracebacks would show."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


@pytest.mark.parametrize("content", ["{", "[]", '{"auths": 1}', '{"auths": {"a": 1}}', '{"auths": {"localhost:5000": {"auth": "%"}}}'])  # fmt: skip
def test_a_broken_configuration_is_told_and_left_alone(content, config):
    config.parent.mkdir()
    config.write_text(content)
    with pytest.raises(ConfigBroken, match="can't be used"):
        known_login("localhost:5000")
    if "%" not in content:
        with pytest.raises(ConfigBroken) as caught:
            keep("localhost:5000", "usagi", Secret(CARROT))
        assert CARROT not in everything_told(caught.value)
        assert config.read_text() == content


def test_no_traceback_of_a_failure_leads_to_the_secret(config, monkeypatch):
    config.parent.mkdir()
    config.write_text(json.dumps({"credsStore": "not-installed-here"}))
    with pytest.raises(CredentialStoreFailed) as caught:
        keep("localhost:5000", "usagi", Secret(CARROT))
    assert CARROT not in everything_told(caught.value)
    config.write_text("{}")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigBroken, match="No space") as caught:
        keep("localhost:5000", "usagi", Secret(CARROT))
    assert CARROT not in everything_told(caught.value)
    assert config.read_text() == "{}"
