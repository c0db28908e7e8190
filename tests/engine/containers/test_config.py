import pytest

from dockyard.engine.containers.config import exposed_ports, host_config, merge, restart_policy
from dockyard.engine.containers.limits import forbids_new_privileges, refuse_unsupported
from dockyard.engine.containers.schema import check_create, check_exec, config_fields
from dockyard.engine.errors import BadParameter, NotSupported

IMAGE = {
    "Env": ["PATH=/bin", "A=image"],
    "Cmd": ["httpd"],
    "Entrypoint": ["/init"],
    "WorkingDir": "/srv",
    "ExposedPorts": {"80/tcp": {}},
    "Labels": {"from": "image", "both": "image"},
    "Volumes": {"/data": {}},
    "StopSignal": "SIGWINCH",
}


def merged(**asked):
    return merge({"Image": "httpd", **asked}, IMAGE, "0123456789abcdef")


def test_what_nobody_asked_for_comes_from_the_image():
    config = merged()
    assert (config["Entrypoint"], config["Cmd"], config["WorkingDir"]) == (["/init"], ["httpd"], "/srv")
    assert config["StopSignal"] == "SIGWINCH"
    assert config["Hostname"] == "0123456789ab"


def test_a_clients_variables_come_first_and_win():
    assert merged(Env=["B=1", "A=client"])["Env"] == ["B=1", "A=client", "PATH=/bin"]


def test_a_variable_without_a_value_takes_the_images_away():
    assert merged(Env=["A"])["Env"] == ["PATH=/bin"]


def test_an_entrypoint_of_ones_own_does_not_take_the_images_command():
    config = merged(Entrypoint=["/bin/sh"])
    assert (config["Entrypoint"], config["Cmd"]) == (["/bin/sh"], None)


def test_an_empty_entrypoint_takes_the_images_away():
    config = merged(Entrypoint=[""], Cmd=["ls"])
    assert (config["Entrypoint"], config["Cmd"]) == (None, ["ls"])


def test_a_command_may_be_one_word():
    assert merged(Entrypoint=[""], Cmd="ls")["Cmd"] == ["ls"]


def test_labels_ports_and_volumes_of_both_are_there():
    config = merged(Labels={"both": "client"}, ExposedPorts={"443": {}}, Volumes={"/more": {}})
    assert config["Labels"] == {"from": "image", "both": "client"}
    assert set(config["ExposedPorts"]) == {"80/tcp", "443/tcp"}
    assert set(config["Volumes"]) == {"/data", "/more"}


def test_a_published_port_is_exposed():
    assert set(exposed_ports({"HostConfig": {"PortBindings": {"81/tcp": []}}}, {})) == {"81/tcp"}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"WorkingDir": "x"}, "the working directory 'x' is invalid, it needs to be an absolute path"),
        ({"StopSignal": "FOO"}, "Invalid signal: FOO"),
        ({"Env": ["=x"]}, "invalid environment variable: =x"),
        ({"Healthcheck": {"Test": ["CMD", "x"], "Interval": 5}}, "Interval in Healthcheck cannot be less than 1ms"),
    ],
)
def test_what_can_not_be_taken_is_refused_in_dockers_words(asked, sentence):
    with pytest.raises(BadParameter) as caught:
        merged(**asked)
    assert str(caught.value) == sentence


def test_nothing_to_run_is_refused():
    with pytest.raises(BadParameter, match="No command specified"):
        merge({"Image": "empty"}, {}, "0" * 64)


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"Name": "foo"}, "invalid restart policy 'foo'"),
        (
            {"Name": "always", "MaximumRetryCount": 2},
            "maximum retry count cannot be used with restart policy 'always'",
        ),
    ],
)
def test_a_restart_policy_that_does_not_exist_is_refused(policy, sentence):
    with pytest.raises(BadParameter) as caught:
        restart_policy(policy)
    assert str(caught.value) == sentence


def test_removal_at_the_end_and_a_restart_contradict_each_other():
    with pytest.raises(BadParameter, match="can't create 'AutoRemove' container with restart policy"):
        host_config({"AutoRemove": True, "RestartPolicy": {"Name": "always"}})


def test_a_host_config_is_shown_whole():
    shown = host_config({"Binds": ["/a:/b"], "Init": False, "MemorySwappiness": -1, "Mounts": None, "Tmpfs": {}})
    assert shown["MemorySwappiness"] is None
    assert not {"Mounts", "Tmpfs"} & {key for key, value in shown.items() if value is None}
    assert shown["Binds"] == ["/a:/b"]
    assert shown["Init"] is False
    assert shown["LogConfig"] == {"Type": "json-file", "Config": {}}
    assert shown["RestartPolicy"] == {"Name": "no", "MaximumRetryCount": 0}


@pytest.mark.parametrize(
    ("host", "flag"),
    [
        ({"Memory": 1 << 20}, "--memory"),
        ({"NanoCpus": 10**9}, "--cpus"),
        ({"Privileged": True}, "--privileged"),
        ({"CapAdd": ["NET_ADMIN"]}, "--cap-add"),
        ({"SecurityOpt": ["seccomp=unconfined"]}, "--security-opt"),
        ({"Devices": [{"PathOnHost": "/dev/fuse"}]}, "--device"),
        ({"Sysctls": {"net.ipv4.ip_forward": "1"}}, "--sysctl"),
        ({"PidMode": "host"}, "--pid"),
        ({"CgroupnsMode": "private"}, "--cgroupns"),
        ({"IOMaximumIOps": 100}, "--io-maxiops"),
        ({"IOMaximumBandwidth": 100}, "--io-maxbandwidth"),
        ({"MaskedPaths": ["/proc/kcore"]}, "MaskedPaths"),
        ({"Runtime": "runsc"}, "--runtime"),
    ],
)
def test_what_this_engine_can_not_do_is_refused_by_the_flags_name(host, flag):
    with pytest.raises(NotSupported, match=f"{flag} is not supported by this engine: "):
        refuse_unsupported({}, host)


def test_what_the_command_line_sends_without_being_asked_is_taken():
    refuse_unsupported(
        {"MacAddress": ""},
        {
            "Memory": 0,
            "MemorySwap": -1,
            "MemorySwappiness": -1,
            "OomKillDisable": False,
            "PidsLimit": 0,
            "BlkioWeightDevice": [],
            "Devices": [],
            "SecurityOpt": None,
            "CgroupnsMode": "",
            "LogConfig": {"Type": "", "Config": {}},
        },
    )


@pytest.mark.parametrize(
    ("options", "forbidden"),
    [
        (None, False),
        (["no-new-privileges"], True),
        (["no-new-privileges:true"], True),
        (["no-new-privileges=false"], False),
        (["no-new-privileges:true", "no-new-privileges:false"], False),
    ],
)
def test_new_privileges_can_be_forbidden(options, forbidden):
    refuse_unsupported({}, {"SecurityOpt": options})
    assert forbids_new_privileges(options) is forbidden


def test_a_log_option_that_does_not_exist_is_refused():
    with pytest.raises(BadParameter, match="unknown log opt 'a' for json-file log driver"):
        refuse_unsupported({}, {"LogConfig": {"Type": "json-file", "Config": {"a": "b"}}})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"Env": 5}, "ContainerConfigWrapper.Env"),
        ({"Tty": "yes"}, "ContainerConfigWrapper.Tty"),
        ({"Labels": {"a": 1}}, "ContainerConfigWrapper.Labels"),
        ({"HostConfig": {"Binds": "x"}}, "HostConfig.Binds"),
        ({"HostConfig": {"PortBindings": {"80/tcp": ["8080"]}}}, "HostConfig.PortBindings"),
        ({"HostConfig": {"Ulimits": [{"Name": "nofile"}]}}, "HostConfig.Ulimits"),
        ({"HostConfig": {"RestartPolicy": {"MaximumRetryCount": "2"}}}, "RestartPolicy.MaximumRetryCount"),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(body, field):
    with pytest.raises(BadParameter, match=f"cannot unmarshal .* into Go struct field {field} "):
        check_create(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [({"Cmd": "ls"}, "Cmd"), ({"Env": "A=1"}, "Env"), ({"Tty": 1}, "Tty"), ({"ConsoleSize": [24]}, "ConsoleSize")],
)
def test_so_is_one_of_a_program_that_joins(body, field):
    with pytest.raises(BadParameter, match=f"cannot unmarshal .* into Go struct field ExecConfig.{field} "):
        check_exec(body)


def test_of_a_commit_s_body_only_a_configuration_is_taken():
    body = {"User": "nobody", "Env": ["A=1"], "HostConfig": {"Memory": 1}, "Nonsense": 1}
    assert config_fields(body) == {"User": "nobody", "Env": ["A=1"]}
