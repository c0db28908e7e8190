"""What a container is told: words, environment, folder, user, names, limits, health."""

import time

import pytest

from conftest import spelled
from embedded import until

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("config", "words", "expected"),
    [
        ({"Entrypoint": ["echo", "from entrypoint"]}, ("and cmd",), "from entrypoint and cmd\n"),
        ({"Entrypoint": []}, ("echo", "cmd alone"), "cmd alone\n"),
        ({"Entrypoint": [""]}, ("echo", "reset"), "reset\n"),
        ({"Entrypoint": "echo"}, ("a text",), "a text\n"),
    ],
    ids=spelled,
)
def test_entrypoint_and_cmd(run, config, words, expected):
    assert run(*words, **config).out == expected


def test_words_keep_spaces_quotes_and_letters(run):
    assert run("echo", "a  b", "'q'", '"d"', "한글", "$HOME", "*").out == "a  b 'q' \"d\" 한글 $HOME *\n"


def test_the_environment(run):
    seen = run("env", Env=["A=1", "B=two words", "EMPTY=", "PATH=/bin"], Hostname="here").out.splitlines()
    assert {"A=1", "B=two words", "EMPTY=", "PATH=/bin", "HOSTNAME=here", "HOME=/root"} <= set(seen)
    assert {each.partition("=")[0] for each in seen} <= {
        "A",
        "B",
        "EMPTY",
        "PATH",
        "HOSTNAME",
        "HOME",
        "PWD",
        "SHLVL",
    }


def test_nothing_of_the_host_s_environment_comes_in(run, monkeypatch):
    assert "DOCKYARD" not in run("env").out


def test_a_terminal_has_a_kind(run):
    assert "TERM=xterm" in run("env", Tty=True).out


def test_the_folder_is_made_if_it_is_not_there(run):
    assert run("pwd", WorkingDir="/not/there/yet").out == "/not/there/yet\n"


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", "0:0"),
        ("nobody", "65534:65534"),
        ("nobody:root", "65534:0"),
        ("12:34", "12:34"),
        ("12", "12:0"),
        ("0:65534", "0:65534"),
    ],
)
def test_users_by_name_and_number(run, user, expected):
    assert run("sh", "-c", "echo $(id -u):$(id -g)", User=user).out == f"{expected}\n"


def test_a_user_s_home_is_set(run):
    assert run("sh", "-c", "echo $HOME", User="nobody").out == "/home\n"


def test_a_user_that_is_not_there_is_told(ask, box):
    name = box("true", User="stranger", start=False)
    status, message = ask("POST", f"/containers/{name}/start").refusal
    assert status in (400, 500)
    assert "unable to find user stranger: no matching entries in passwd file" in message


def test_a_user_is_held_to_what_it_may(run):
    assert "Permission denied" in run("sh", "-c", "echo x > /etc/passwd", User="nobody").err
    assert run("sh", "-c", "echo x > /tmp/f; stat -c %u /tmp/f", User="1234").out == "1234\n"


def test_new_privileges_are_forbidden(run):
    security = {"SecurityOpt": ["no-new-privileges"]}
    assert run("grep", "NoNewPrivs", "/proc/self/status", HostConfig=security).out.split() == ["NoNewPrivs:", "1"]


def test_more_groups(run):
    assert set(run("id", "-G", User="1:2", HostConfig={"GroupAdd": ["77", "nogroup"]}).out.split()) == {
        "2",
        "77",
        "65534",
    }


@pytest.mark.parametrize("hostname", ["here", "here.example.org"])
def test_the_hostname(run, hostname):
    out = run("sh", "-c", "hostname; cat /etc/hostname; grep -c here /etc/hosts", Hostname=hostname).out
    assert out == f"{hostname}\n{hostname}\n1\n"


def test_the_hostname_is_the_short_id_otherwise(api, box, execute):
    name = box()
    assert execute(name, "hostname") == api.inspect_container(name)["Id"][:12] + "\n"


def test_dns_servers_that_were_given(run):
    out = run("cat", "/etc/resolv.conf", HostConfig={"Dns": ["9.9.9.9"], "DnsSearch": ["example.org"]}).out
    assert "nameserver 9.9.9.9" in out
    assert "search example.org" in out


def test_the_files_of_the_name_service_are_no_change(api, box, execute):
    name = box()
    assert execute(name, "cat /etc/hosts") != ""
    assert not api.diff(name)


def test_an_init_reaps_what_is_left(api, box, execute):
    name = box("sh", "-c", "sleep 1000", HostConfig={"Init": True})
    execute(name, "(sleep 0.2 &)")
    time.sleep(0.6)
    until(lambda: "Z" not in execute(name, "ps -o stat,comm | grep sleep"))
    assert api.inspect_container(name)["State"]["Running"]


def test_limits_of_files_are_set(run):
    limits = {"Ulimits": [{"Name": "nofile", "Soft": 100, "Hard": 200}]}
    assert run("sh", "-c", "ulimit -n; ulimit -Hn", HostConfig=limits).out == "100\n200\n"


@pytest.mark.any_runner
def test_labels_are_kept(api, box):
    name = box(start=False, Labels={"a": "1", "b": ""})
    labels = api.inspect_container(name)["Config"]["Labels"]
    assert (labels["a"], labels["b"]) == ("1", "")
    assert "io.dockyard.built-from" in labels


def test_the_image_s_environment_is_the_base(api, box):
    name = box(image="httpd", Env=["HTTPD_PREFIX=/other", "NEW=1"], start=False)
    env = api.inspect_container(name)["Config"]["Env"]
    assert "HTTPD_PREFIX=/other" in env
    assert "HTTPD_PREFIX=/usr/local/apache2" not in env
    assert "NEW=1" in env
    assert any(each.startswith("PATH=") for each in env)


CHECK = {"Test": ["CMD-SHELL", "test -e /well"], "Interval": 300_000_000, "Timeout": 10**9, "Retries": 2}


class TestHealth:
    def health(self, api, name):
        return api.inspect_container(name)["State"]["Health"]

    def test_it_starts_gets_ill_and_gets_well(self, api, box, execute):
        name = box(Healthcheck=CHECK)
        assert self.health(api, name)["Status"] in ("starting", "unhealthy")
        until(lambda: self.health(api, name)["Status"] == "unhealthy")
        found = self.health(api, name)
        assert found["FailingStreak"] >= 2
        assert found["Log"][-1]["ExitCode"] == 1
        assert "(unhealthy)" in api.containers(filters={"name": name})[0]["Status"]
        execute(name, "touch /well")
        until(lambda: self.health(api, name)["Status"] == "healthy")
        assert name in {each["Names"][0].lstrip("/") for each in api.containers(filters={"health": "healthy"})}

    def test_its_output_is_kept(self, api, box):
        name = box(Healthcheck={**CHECK, "Test": ["CMD", "echo", "I am fine"]})
        until(lambda: self.health(api, name)["Log"])
        assert self.health(api, name)["Log"][0]["Output"] == "I am fine\n"

    def test_one_that_takes_too_long_has_failed(self, api, box):
        name = box(Healthcheck={**CHECK, "Test": ["CMD", "sleep", "30"], "Timeout": 300_000_000})
        until(lambda: self.health(api, name)["Log"])
        found = self.health(api, name)["Log"][0]
        assert (found["ExitCode"], "exceeded timeout" in found["Output"]) == (-1, True)

    def test_none_turns_the_image_s_off(self, api, box):
        name = box(Healthcheck={"Test": ["NONE"]})
        assert "Health" not in api.inspect_container(name)["State"]

    def test_a_start_period_forgives(self, api, box):
        name = box(Healthcheck={**CHECK, "StartPeriod": 60 * 10**9})
        until(lambda: self.health(api, name)["Log"])
        time.sleep(1)
        assert self.health(api, name)["Status"] == "starting"


@pytest.mark.any_runner
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"StopSignal": "SIGNONSENSE"}, "nvalid signal: SIGNONSENSE"),
        ({"WorkingDir": "relative"}, "the working directory 'relative' is invalid, it needs to be an absolute path"),
        ({"HostConfig": {"RestartPolicy": {"Name": "sometimes"}}}, "sometimes"),
        ({"HostConfig": {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 3}}}, "maximum retry count"),
        ({"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "99999"}]}}}, "99999"),
        ({"Healthcheck": {"Test": ["CMD", "x"], "Interval": 1}}, "Interval in Healthcheck cannot be less than"),
        ({"Env": ["=x"]}, "invalid environment variable: =x"),
    ],
    ids=spelled,
)  # fmt: skip
def test_what_is_wrong_is_told(ask, body, sentence):
    answer = ask("POST", "/containers/create", {"Image": "busybox", "Cmd": ["true"], **body})
    assert answer.status in (400, 500)
    assert sentence.lower() in answer.body["message"].lower()
