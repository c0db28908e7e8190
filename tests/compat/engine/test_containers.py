"""Containers created, listed, described, renamed, updated, removed and pruned."""

import json
import time
from urllib.parse import quote

import docker
import pytest

from conftest import spelled
from embedded import until

pytestmark = pytest.mark.engine


def listed(api, **filters):
    return {each["Names"][0].lstrip("/") for each in api.containers(all=True, filters=filters)}


@pytest.fixture(scope="module")
def crowd(kept, api):
    """One container in each state that a list tells apart."""
    names = {
        "runs": kept("sleep", "1000", Labels={"crowd": "1", "colour": "red"}, ExposedPorts={"80/tcp": {}}),
        "created": kept(start=False, Labels={"crowd": "1", "colour": "blue"}),
        "ended": kept("sh", "-c", "exit 3", Labels={"crowd": "1"}),
        "paused": kept(Labels={"crowd": "1"}),
        "apache": kept(
            image="httpd",
            Labels={"crowd": "1"},
            HostConfig={"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
        ),
    }
    api.wait(names["ended"])
    api.pause(names["paused"])
    yield names
    api.unpause(names["paused"])


@pytest.mark.any_runner
class TestCreate:
    def test_the_answer_has_a_long_id_and_no_warnings(self, ask, api):
        answer = ask("POST", "/containers/create", {"Image": "busybox", "Cmd": ["true"]})
        api.remove_container(answer.body["Id"])
        assert answer.status == 201
        assert len(answer.body["Id"]) == 64
        assert not answer.body["Warnings"]

    def test_without_a_name_it_gets_one(self, ask, api):
        made = ask("POST", "/containers/create", {"Image": "busybox"}).body["Id"]
        name = api.inspect_container(made)["Name"]
        api.remove_container(made)
        assert name.startswith("/")
        assert "_" in name

    def test_a_name_that_is_taken_is_refused(self, ask, box, api):
        name = box(start=False)
        taken = api.inspect_container(name)["Id"]
        status, message = ask("POST", f"/containers/create?name={name}", {"Image": "busybox"}).refusal
        assert status == 409
        assert message == (
            f'Conflict. The container name "/{name}" is already in use by container "{taken}". '
            "You have to remove (or rename) that container to be able to reuse that name."
        )

    @pytest.mark.parametrize("name", ["a", "-a-", "with space", "slash/inside"])
    def test_a_name_that_is_none_is_refused(self, ask, name):
        status, message = ask("POST", f"/containers/create?name={quote(name, safe='')}", {"Image": "busybox"}).refusal
        assert status == 400
        assert message == f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"

    def test_an_image_that_is_not_there_is_named(self, ask):
        status, message = ask("POST", "/containers/create", {"Image": "no-such-image-here"}).refusal
        assert (status, message) == (404, "No such image: no-such-image-here:latest")

    def test_an_image_name_in_capitals_is_refused(self, ask):
        status, message = ask("POST", "/containers/create", {"Image": "BusyBox"}).refusal
        assert status == 400
        assert message.endswith(
            (
                "invalid reference format: repository name must be lowercase",
                "repository name (BusyBox) must be lowercase",
            )
        )

    def test_an_image_s_id_and_its_short_form_name_it(self, api, box):
        full = api.inspect_image("busybox")["Id"]
        for name in (full, full.removeprefix("sha256:")[:12]):
            made = box("true", image=name, start=False)
            assert api.inspect_container(made)["Image"] == full
            assert api.inspect_container(made)["Config"]["Image"] == name

    def test_a_body_that_is_no_json_is_refused(self, ask):
        answer = ask("POST", "/containers/create", b"{", headers={"Content-Type": "application/json"})
        assert answer.status in (400, 500)

    def test_no_command_at_all_is_refused(self, ask, api, image, packed):
        name = image()
        api.import_image_from_data(packed({"a": "a"}), repository=name.split(":")[0], tag="1")
        status, message = ask("POST", "/containers/create", {"Image": name}).refusal
        assert (status, message.lower()) == (400, "no command specified")


@pytest.mark.any_runner
class TestList:
    def test_only_running_ones_unless_all_are_asked_for(self, api, crowd):
        running = {each["Names"][0].lstrip("/") for each in api.containers(filters={"label": "crowd"})}
        assert running == {crowd["runs"], crowd["paused"], crowd["apache"]}
        assert listed(api, label="crowd") == set(crowd.values())

    def test_a_row_has_what_a_table_shows(self, api, crowd):
        row = api.containers(filters={"name": crowd["runs"]})[0]
        assert row["Image"] == "busybox"
        assert row["ImageID"] == api.inspect_image("busybox")["Id"]
        assert row["Command"] == "sleep 1000"
        assert row["State"] == "running"
        assert row["Status"].startswith("Up ")
        assert row["Labels"]["colour"] == "red"
        assert abs(row["Created"] - time.time()) < 600
        assert row["HostConfig"]["NetworkMode"] in ("default", "bridge")
        assert "bridge" in row["NetworkSettings"]["Networks"]
        assert row["Mounts"] == []
        assert "SizeRw" not in row

    def test_each_state_is_told_in_words(self, api, crowd):
        rows = {each["Names"][0].lstrip("/"): each for each in api.containers(all=True, filters={"label": "crowd"})}
        assert (rows[crowd["created"]]["State"], rows[crowd["created"]]["Status"]) == ("created", "Created")
        assert rows[crowd["ended"]]["State"] == "exited"
        assert rows[crowd["ended"]]["Status"].startswith("Exited (3) ")
        assert rows[crowd["paused"]]["State"] == "paused"
        assert rows[crowd["paused"]]["Status"].endswith("(Paused)")

    def test_published_ports_are_listed(self, api, crowd):
        row = api.containers(filters={"name": crowd["apache"]})[0]
        port = row["Ports"][0]
        assert (port["IP"], port["PrivatePort"], port["Type"]) == ("127.0.0.1", 80, "tcp")
        assert port["PublicPort"] > 1024

    def test_sizes_are_told_if_asked_for(self, api, crowd):
        row = api.containers(filters={"name": crowd["runs"]}, size=True)[0]
        assert row["SizeRootFs"] > 1_000_000
        assert row.get("SizeRw", 0) < 100_000

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"status": "running"}, {"runs", "apache"}),
            ({"status": "paused"}, {"paused"}),
            ({"status": "created"}, {"created"}),
            ({"status": "exited"}, {"ended"}),
            ({"status": ["created", "exited"]}, {"created", "ended"}),
            ({"exited": "3"}, {"ended"}),
            ({"exited": "0"}, set()),
            ({"label": ["crowd", "colour=blue"]}, {"created"}),
            ({"label": ["crowd", "colour"]}, {"created", "runs"}),
            ({"ancestor": "httpd"}, {"apache"}),
            ({"ancestor": "httpd:latest"}, {"apache"}),
            ({"ancestor": "busybox"}, {"runs", "created", "ended", "paused"}),
            ({"network": "none"}, set()),
            ({"network": "bridge"}, {"runs", "created", "ended", "paused", "apache"}),
            ({"publish": "80"}, set()),
            ({"expose": "80/tcp"}, {"runs", "apache"}),
            ({"health": "none"}, {"runs", "created", "ended", "paused", "apache"}),
            ({"is-task": "false"}, {"runs", "created", "ended", "paused", "apache"}),
            ({"volume": "/nowhere"}, set()),
        ],
        ids=spelled,
    )
    def test_filters(self, api, crowd, filters, expected):
        labels = filters.get("label", [])
        asked = {**filters, "label": [*labels, "crowd=1"]}
        assert listed(api, **asked) == {crowd[each] for each in expected}

    def test_a_filter_by_id_and_by_name(self, api, crowd):
        full = api.inspect_container(crowd["ended"])["Id"]
        assert listed(api, id=full[:12]) == {crowd["ended"]}
        assert listed(api, name=crowd["ended"][4:10]) == {crowd["ended"]}
        assert listed(api, name=f"^/{crowd['ended']}$") == {crowd["ended"]}

    def test_filters_before_and_since_go_by_age(self, api, crowd):
        assert listed(api, before=crowd["ended"], label="crowd") == {crowd["runs"], crowd["created"]}
        assert listed(api, since=crowd["ended"], label="crowd") == {crowd["paused"], crowd["apache"]}

    def test_the_newest_come_first_and_a_limit_counts_stopped_ones(self, api, crowd):
        rows = api.containers(all=True, filters={"label": "crowd"})
        assert [row["Names"][0].lstrip("/") for row in rows] == list(reversed(crowd.values()))
        limited = api.containers(limit=3, filters={"label": "crowd"})
        assert [row["Id"] for row in limited] == [row["Id"] for row in rows[:3]]

    def test_an_unknown_filter_is_refused(self, ask):
        filters = quote(json.dumps({"nonsense": ["1"]}))
        status, message = ask("GET", f"/containers/json?filters={filters}").refusal
        assert status == 400
        assert message.lower() == "invalid filter 'nonsense'"

    def test_the_old_form_of_filters_is_understood(self, ask, crowd):
        filters = quote(json.dumps({"label": {"crowd": True}, "status": {"paused": True}}))
        rows = ask("GET", f"/containers/json?filters={filters}").body
        assert [row["Names"] for row in rows] == [[f"/{crowd['paused']}"]]


class TestInspect:
    def test_by_name_by_id_and_by_its_beginning(self, api, crowd):
        full = api.inspect_container(crowd["runs"])["Id"]
        for name in (f"/{crowd['runs']}", full, full[:10]):
            assert api.inspect_container(name)["Id"] == full

    def test_a_running_one(self, api, crowd):
        found = api.inspect_container(crowd["runs"])
        state = found["State"]
        assert (state["Status"], state["Running"], state["Paused"], state["ExitCode"]) == ("running", True, False, 0)
        assert state["Pid"] > 0
        assert state["FinishedAt"] == "0001-01-01T00:00:00Z"
        assert found["Created"] <= state["StartedAt"]
        assert (found["Path"], found["Args"]) == ("sleep", ["1000"])
        assert found["Config"]["Cmd"] == ["sleep", "1000"]
        assert found["Config"]["Hostname"] == found["Id"][:12]
        assert found["RestartCount"] == 0
        assert found["Driver"]
        assert found["Platform"] == "linux"
        assert found["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        assert found["HostConfig"]["RestartPolicy"]["Name"] in ("", "no")
        assert found["LogPath"]

    def test_an_ended_one(self, api, crowd):
        state = api.inspect_container(crowd["ended"])["State"]
        assert (state["Status"], state["Running"], state["ExitCode"], state["Pid"]) == ("exited", False, 3, 0)
        second = len("2026-01-02T03:04:05")  # Docker's two clocks may differ by less
        assert state["StartedAt"][:second] <= state["FinishedAt"][:second]

    def test_a_paused_one(self, api, crowd):
        state = api.inspect_container(crowd["paused"])["State"]
        assert (state["Status"], state["Running"], state["Paused"]) == ("paused", True, True)

    def test_sizes_are_told_if_asked_for(self, ask, crowd):
        found = ask("GET", f"/containers/{crowd['runs']}/json?size=1").body
        assert found["SizeRootFs"] > 1_000_000
        assert "SizeRootFs" not in ask("GET", f"/containers/{crowd['runs']}/json").body

    def test_the_image_s_settings_are_there_too(self, api, crowd):
        config = api.inspect_container(crowd["apache"])["Config"]
        assert config["Cmd"] == ["httpd-foreground"]
        assert config["WorkingDir"] == "/usr/local/apache2"
        assert "HTTPD_PREFIX=/usr/local/apache2" in config["Env"]
        assert config["ExposedPorts"] == {"80/tcp": {}}


@pytest.mark.any_runner
class TestRename:
    def test_the_new_name_is_used_and_the_old_one_is_free(self, api, box):
        name = box()
        api.rename(name, f"{name}-new")
        found = api.inspect_container(f"{name}-new")
        assert found["Name"] == f"/{name}-new"
        box(name=name, start=False)
        api.remove_container(f"{name}-new", force=True)

    def test_a_taken_name_is_refused(self, ask, box):
        one, other = box(start=False), box(start=False)
        status, message = ask("POST", f"/containers/{one}/rename?name={other}").refusal
        assert status == 409
        assert f'The container name "/{other}" is already in use' in message

    def test_its_own_name_is_refused(self, ask, box):
        name = box(start=False)
        status, message = ask("POST", f"/containers/{name}/rename?name={name}").refusal
        assert status in (400, 500)
        assert "Renaming a container with the same name as its current name" in message

    def test_no_name_is_refused(self, ask, box):
        status, message = ask("POST", f"/containers/{box(start=False)}/rename?name=").refusal
        assert status in (400, 500)
        assert "Neither old nor new names may be empty" in message


class TestUpdate:
    def test_the_restart_policy_changes(self, ask, api, box):
        name = box()
        answer = ask(
            "POST", f"/containers/{name}/update", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}}
        )
        assert (answer.status, not answer.body["Warnings"]) == (200, True)
        policy = api.inspect_container(name)["HostConfig"]["RestartPolicy"]
        assert policy == {"Name": "on-failure", "MaximumRetryCount": 2}

    def test_a_policy_that_is_none_is_refused(self, ask, box):
        status, message = ask(
            "POST", f"/containers/{box(start=False)}/update", {"RestartPolicy": {"Name": "sometimes"}}
        ).refusal
        assert status in (400, 500)
        assert "sometimes" in message


class TestRemove:
    def test_a_running_one_is_kept_unless_forced(self, ask, api, box):
        name = box()
        full = api.inspect_container(name)["Id"]
        status, message = ask("DELETE", f"/containers/{name}").refusal
        assert status == 409
        assert message.lower().startswith(
            "you cannot remove a running container " + full
        ) or message.lower().startswith(f'cannot remove container "/{name}"')
        assert ask("DELETE", f"/containers/{name}?force=1").status == 204
        assert ask("GET", f"/containers/{name}/json").refusal == (404, f"No such container: {name}")

    def test_a_stopped_one_goes(self, ask, box):
        name = box("true", start=False)
        assert ask("DELETE", f"/containers/{name}").status == 204
        assert ask("DELETE", f"/containers/{name}").refusal == (404, f"No such container: {name}")

    def test_its_unnamed_volumes_go_if_asked_for_and_named_ones_stay(self, api, box, volume):
        named = volume()
        name = box(HostConfig={"Binds": [f"{named}:/named"]}, Volumes={"/unnamed": {}})
        mounts = {mount["Destination"]: mount["Name"] for mount in api.inspect_container(name)["Mounts"]}
        api.remove_container(name, force=True, v=True)
        left = {each["Name"] for each in api.volumes()["Volumes"]}
        assert mounts["/named"] in left
        assert mounts["/unnamed"] not in left

    def test_its_unnamed_volumes_stay_otherwise(self, api, box):
        name = box(Volumes={"/unnamed": {}}, start=False)
        unnamed = api.inspect_container(name)["Mounts"][0]["Name"]
        api.remove_container(name)
        assert api.inspect_volume(unnamed)["Name"] == unnamed
        api.remove_volume(unnamed)

    def test_one_that_removes_itself_is_gone_when_it_ends(self, api, box):
        name = box("true", HostConfig={"AutoRemove": True})
        until(lambda: name not in listed(api))


@pytest.mark.any_runner
class TestPrune:
    def test_only_what_has_ended_and_bears_the_label(self, api, box):
        ended, created, running, other = (
            box("true", Labels={"prune": "1"}),
            box(start=False, Labels={"prune": "1"}),
            box(Labels={"prune": "1"}),
            box("true"),
        )
        api.wait(ended)
        api.wait(other)
        ids = {api.inspect_container(each)["Id"] for each in (ended, created)}
        answer = api.prune_containers(filters={"label": ["prune"]})
        assert set(answer["ContainersDeleted"]) == ids
        assert answer["SpaceReclaimed"] >= 0
        assert listed(api, label="prune") == {running}
        assert other in listed(api)

    def test_those_that_are_too_young_stay(self, api, box):
        name = box("true", Labels={"prune": "2"})
        api.wait(name)
        answer = api.prune_containers(filters={"until": ["1h"], "label": ["prune=2"]})
        assert not answer["ContainersDeleted"]

    def test_an_unknown_filter_is_refused(self, api):
        with pytest.raises(docker.errors.APIError, match=r"(?i)invalid filter 'nonsense'"):
            api.prune_containers(filters={"nonsense": ["1"]})
