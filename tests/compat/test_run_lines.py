"""`docker run` beside the real command: the same line makes the same container, as the engine describes it."""

import shlex

import pytest

import dockyard

pytestmark = pytest.mark.engine

LINES = [
    "docker run -d {name} busybox sleep 1000",
    "docker run -dit {name} busybox",
    "docker run -d {name} -p 80 -p 127.0.0.1::81 -p 53/udp busybox sleep 1000",
    "docker run -d {name} -v compat-vol:/vol -v {folder}:/bind:ro -v /unnamed busybox sleep 1000",
    "docker run -d {name} --mount type=volume,source=compat-vol,target=/vol,readonly,volume-nocopy busybox sleep 1000",
    "docker run -d {name} --mount type=bind,source={folder},target=/bind busybox sleep 1000",
    "docker run -d {name} --mount type=tmpfs,target=/mem,tmpfs-size=1m,tmpfs-mode=1770 --tmpfs /run:size=64k busybox sleep 1000",
    "docker run -d {name} -e A=1 -e 'B=two words' -e C= --label x=y --label plain busybox sleep 1000",
    "docker run -d {name} -w /tmp -u 33:33 --hostname here --network host busybox sleep 1000",
    "docker run -d {name} --restart unless-stopped busybox sleep 1000",
    "docker run -d {name} --restart on-failure:2 --entrypoint sleep busybox 1000",
    "docker run -d {name} --network none --entrypoint '' busybox sleep 1000",
    "docker run -d --rm {name} httpd",
]

# What differs by nature: names, IDs, addresses that the engine chooses, and what only the command line sets for its own terminal.
IGNORED = {
    "Hostname",
    "ContainerIDFile",
    "ConsoleSize",
    "StdinOnce",
    "AttachStdin",
    "AttachStdout",
    "AttachStderr",
    "OnBuild",
}


def described(client, name):
    found = client.get_json("/containers/{}/json", name)
    config = {key: value or None for key, value in found["Config"].items() if key not in IGNORED}
    host = {key: value or None for key, value in found["HostConfig"].items() if key not in IGNORED}
    # The command line and the engine put these in no order.
    host["Binds"], config["Env"] = sorted(host["Binds"] or ()), sorted(config["Env"] or ())
    for mount in host.get("Mounts") or ():
        mount.get("VolumeOptions", {}).pop("DriverConfig", None)  # some versions of the command line send it empty
    mounts = sorted(
        (each["Type"], each["Destination"], each["RW"], each["Type"] == "bind" and each["Source"])
        for each in found["Mounts"]
    )
    hostname = found["Config"]["Hostname"]
    return {**config, **host, "Mounted": mounts, "Hostname": None if found["Id"].startswith(hostname) else hostname}


@pytest.mark.parametrize("line", LINES)
def test_a_line_makes_the_container_that_docker_makes(line, client, docker_cli, tmp_path):
    ours, theirs = "compat-ours", "compat-theirs"
    try:
        docker_cli(*shlex.split(line.format(name=f"--name {theirs}", folder=tmp_path))[1:])
        dockyard.parse(line.format(name=f"--name {ours}", folder=tmp_path)).run(client)
        assert described(client, ours) == described(client, theirs)
    finally:
        for name in (ours, theirs):
            if client.find_json("/containers/{}/json", name):
                client.api.remove_container(name, force=True, v=True)
        if client.find_json("/volumes/{}", "compat-vol"):
            client.api.remove_volume("compat-vol")


@pytest.mark.parametrize("words", ["sh -c 'echo out; echo err >&2; exit 3'", "echo '한글 a  b'", "sh -c 'exit 0'"])
def test_a_foreground_run_prints_and_ends_alike(words, client, docker_cli):
    line = f"docker run --rm busybox {words}"
    result = dockyard.parse(line).run(client)
    printed = docker_cli(
        "run",
        "--rm",
        "busybox",
        "sh",
        "-c",
        'out=$("$@" 2>&1); code=$?; echo "$out"; echo $code',
        "_",
        *shlex.split(words),
    )
    output, _, code = printed.rstrip("\n").rpartition("\n")
    assert (sorted(result.output.decode().splitlines()), result.exit_code) == (
        sorted(filter(None, output.splitlines())),
        int(code),
    )
