"""Builds: all 17 instructions, contexts, arguments, the cache, stages, and what is said when something is wrong."""

import gzip
import io
import json
import tarfile

import docker
import pytest

pytestmark = pytest.mark.engine


@pytest.fixture
def build(api, packed, image):
    """Builds a Dockerfile with the files given; returns the image's name and what was said."""

    def make(lines: str, files=None, **options):
        name = image()
        context = packed({"Dockerfile": lines, **(files or {})})
        options.setdefault("rm", True)
        said = list(api.build(fileobj=io.BytesIO(context), custom_context=True, tag=name, decode=True, **options))
        return name, said

    return make


@pytest.fixture
def built(build):
    """As ``build``, for what must succeed: the image's name alone."""

    def make(lines: str, files=None, **options) -> str:
        name, said = build(lines, files, **options)
        assert not any("error" in each for each in said), said
        return name

    return make


def text(said):
    return "".join(each.get("stream", "") for each in said)


def failure(said):
    return next(each["errorDetail"]["message"] for each in said if "errorDetail" in each)


class TestInstructions:
    """Each of the 17 by an effect that ``inspect``, ``history``, or a run shows."""

    def test_from_takes_the_layers_and_settings_of_the_base(self, api, built):
        name = built("FROM httpd\nLABEL a=b")
        base, made = api.inspect_image("httpd"), api.inspect_image(name)
        assert made["RootFS"]["Layers"] == base["RootFS"]["Layers"]
        assert made["Config"]["Cmd"] == base["Config"]["Cmd"]
        assert made["Config"]["Env"] == base["Config"]["Env"]

    def test_from_scratch_starts_with_nothing(self, api, built):
        name = built("FROM scratch\nCOPY file /file", {"file": "alone"})
        assert len(api.inspect_image(name)["RootFS"]["Layers"]) == 1

    def test_copy_takes_files_folders_and_patterns(self, built, run):
        files = {"a.txt": "a", "b.txt": "b", "dir/": "", "dir/c": "c", "한글 이름": "k"}
        name = built('FROM busybox\nCOPY *.txt /t/\nCOPY dir /d\nCOPY ["한글 이름", "/k"]\n', files)
        assert run("sh", "-c", "cat /t/a.txt /t/b.txt /d/c /k", image=name).out == "abck"

    def test_copy_gives_files_to_an_owner(self, built, run):
        name = built("FROM busybox\nCOPY --chown=12:34 f /f\nCOPY --chown=nobody:nogroup f /g", {"f": "x"})
        assert run("stat", "-c", "%u:%g", "/f", "/g", image=name).out == "12:34\n65534:65534\n"

    def test_add_opens_archives_and_copy_does_not(self, built, run, packed):
        inner = gzip.compress(packed({"inner/": "", "inner/file": "opened"}))
        name = built("FROM busybox\nADD x.tar.gz /a/\nCOPY x.tar.gz /c/", {"x.tar.gz": inner})
        assert run("sh", "-c", "cat /a/inner/file; ls /c", image=name).out == "openedx.tar.gz\n"

    @pytest.mark.parametrize("line", ["echo made > /made", '["sh", "-c", "echo made > /made"]'])
    def test_run_in_both_forms(self, built, run, line):
        assert run("cat", "/made", image=built(f"FROM busybox\nRUN {line}")).out == "made\n"

    def test_run_over_several_lines_with_comments(self, built, run):
        name = built("# first\nFROM busybox\nRUN echo one > /f && \\\n# between\n    echo two >> /f\n")
        assert run("cat", "/f", image=name).out == "one\ntwo\n"

    @pytest.mark.parametrize(
        ("lines", "words", "expected"),
        [
            ('CMD ["echo", "list"]', (), "list\n"),
            ("CMD echo shell $((1+1))", (), "shell 2\n"),
            ('CMD ["echo", "list"]', ("echo", "given"), "given\n"),
            ('ENTRYPOINT ["echo", "first"]', ("given",), "first given\n"),
            ('ENTRYPOINT ["echo", "first"]\nCMD ["second"]', (), "first second\n"),
            ("ENTRYPOINT echo shell", ("ignored",), "shell\n"),
            ('CMD ["echo", "one"]\nCMD ["echo", "last wins"]', (), "last wins\n"),
        ],
    )
    def test_cmd_and_entrypoint(self, built, run, lines, words, expected):
        assert run(*words, image=built(f"FROM busybox\n{lines}")).out == expected

    def test_an_entrypoint_forgets_the_base_s_cmd(self, api, built):
        assert not api.inspect_image(built('FROM busybox\nENTRYPOINT ["echo"]'))["Config"]["Cmd"]

    def test_onbuild_waits_for_the_next_build(self, api, built, run):
        base = built("FROM busybox\nONBUILD RUN echo triggered > /t\nONBUILD ENV T=1")
        assert api.inspect_image(base)["Config"]["OnBuild"] == ["RUN echo triggered > /t", "ENV T=1"]
        child = built(f"FROM {base}")
        assert run("sh", "-c", "cat /t; echo $T", image=child).out == "triggered\n1\n"
        assert not api.inspect_image(child)["Config"].get("OnBuild")

    def test_expose_names_ports(self, api, built):
        found = api.inspect_image(built("FROM busybox\nEXPOSE 80 53/udp\nEXPOSE 8000-8002"))["Config"]["ExposedPorts"]
        assert set(found) == {"80/tcp", "53/udp", "8000/tcp", "8001/tcp", "8002/tcp"}

    @pytest.mark.parametrize("line", ["VOLUME /data /more", 'VOLUME ["/data", "/more"]'])
    def test_volume_makes_unnamed_volumes(self, api, built, box, line):
        name = built(f"FROM busybox\n{line}")
        assert api.inspect_image(name)["Config"]["Volumes"] == {"/data": {}, "/more": {}}
        mounts = api.inspect_container(box("true", image=name, start=False))["Mounts"]
        assert {mount["Destination"] for mount in mounts} == {"/data", "/more"}
        assert all(len(mount["Name"]) == 64 for mount in mounts)

    def test_env_in_both_forms_and_its_use(self, api, built):
        name = built(
            'FROM busybox\nENV A=1 B="two words" C=a\\ b\nENV OLD form of it\nENV D=$A-${B}-${E:-none}-${A:+set}\nWORKDIR /$A'
        )
        config = api.inspect_image(name)["Config"]
        assert {"A=1", "B=two words", "C=a b", "OLD=form of it", "D=1-two words-none-set"} <= set(config["Env"])
        assert config["WorkingDir"] == "/1"

    def test_workdir_is_made_and_adds_up(self, built, run):
        assert run("pwd", image=built("FROM busybox\nWORKDIR /a\nWORKDIR b\nWORKDIR c/../d")).out == "/a/b/d\n"

    def test_shell_changes_what_runs_lines(self, api, built, run):
        name = built('FROM busybox\nSHELL ["/bin/sh", "-exc"]\nRUN echo "$0" > /f; echo ${-} > /g\nCMD echo hi')
        assert api.inspect_image(name)["Config"]["Shell"] == ["/bin/sh", "-exc"]
        assert api.inspect_image(name)["Config"]["Cmd"] == ["/bin/sh", "-exc", "echo hi"]
        assert "e" in run("cat", "/g", image=name).out

    def test_label_in_all_its_forms(self, api, built):
        found = api.inspect_image(built('FROM busybox\nLABEL a=1 "b c"="d e" f=g \\\n h=i\nLABEL a=2'))["Config"][
            "Labels"
        ]
        assert (found["a"], found["b c"], found["h"]) == ("2", "d e", "i")

    def test_user_runs_what_follows(self, built, run):
        name = built(
            "FROM busybox\nUSER nobody\nRUN id -u > /tmp/who\nUSER 12:34\nRUN id -g >> /tmp/who || id -g > /tmp/own"
        )
        assert run("sh", "-c", "cat /tmp/who; id -u; id -g", image=name).out.startswith("65534\n")

    def test_arg_has_a_value_while_it_builds_and_not_after(self, built, run):
        lines = "ARG BASE=busybox\nFROM ${BASE}\nARG ONE=1\nARG TWO\nRUN echo $ONE-$TWO-$HTTP_PROXY > /f\nENV KEPT=$ONE"
        name = built(lines, buildargs={"ONE": "uno", "TWO": "due"})
        assert run("sh", "-c", "cat /f; echo $ONE$KEPT", image=name).out == "uno-due-\nuno\n"

    def test_stopsignal(self, api, built):
        assert api.inspect_image(built("FROM busybox\nSTOPSIGNAL SIGUSR2"))["Config"]["StopSignal"] == "SIGUSR2"

    def test_healthcheck(self, api, built):
        name = built(
            "FROM busybox\nHEALTHCHECK --interval=5s --timeout=2s --retries=4 --start-period=1s CMD test -e /ok"
        )
        assert api.inspect_image(name)["Config"]["Healthcheck"] == {
            "Test": ["CMD-SHELL", "test -e /ok"], "Interval": 5 * 10**9, "Timeout": 2 * 10**9, "StartPeriod": 10**9, "Retries": 4,
        }  # fmt: skip
        none = built(f"FROM {name}\nHEALTHCHECK NONE")
        assert api.inspect_image(none)["Config"]["Healthcheck"]["Test"] == ["NONE"]

    def test_maintainer_of_old_files(self, api, built):
        assert api.inspect_image(built("FROM busybox\nMAINTAINER usagi"))["Author"] == "usagi"


@pytest.mark.any_runner
class TestStages:
    TWO = "FROM busybox AS first\nRUN echo made > /made\nFROM busybox AS second\nCOPY --from=first /made /taken\n"

    def test_files_come_from_an_earlier_stage(self, built, run):
        name = built(self.TWO)
        assert run("sh", "-c", "cat /taken; ls /made", image=name).out == "made\n"

    def test_by_number_and_from_another_image(self, built, run):
        lines = "FROM busybox\nRUN echo 0 > /zero\nFROM busybox\nCOPY --from=0 /zero /z\nCOPY --from=httpd /usr/local/apache2/htdocs/index.html /i\n"
        assert "It works!" in run("cat", "/z", "/i", image=built(lines)).out

    def test_a_target_stops_there(self, built, run):
        name = built(self.TWO, target="first")
        assert run("sh", "-c", "ls /made /taken 2>/dev/null", image=name).out == "/made\n"

    def test_a_stage_may_start_from_another(self, built, run):
        name = built("FROM busybox AS base\nENV X=1\nFROM base\nRUN echo $X > /x")
        assert run("cat", "/x", image=name).out == "1\n"

    def test_a_target_that_is_not_there_is_told(self, build):
        _, said = build_refused(build, self.TWO, target="third")
        assert "third" in said


def build_refused(build, *arguments, **options):
    """What a build that can't be done says, in the answer itself or inside its stream."""
    try:
        name, said = build(*arguments, **options)
    except docker.errors.APIError as error:
        return "", error.explanation
    return name, failure(said)


@pytest.mark.any_runner
class TestContext:
    def test_a_dockerfile_of_another_name(self, built, run):
        name = built(
            "FROM nothing-here",
            {"other/": "", "other/File": "FROM busybox\nRUN echo other > /o"},
            dockerfile="other/File",
        )
        assert run("cat", "/o", image=name).out == "other\n"

    def test_a_compressed_context(self, api, packed, image):
        name = image()
        context = gzip.compress(packed({"Dockerfile": "FROM busybox\nLABEL packed=1"}))
        list(api.build(fileobj=io.BytesIO(context), custom_context=True, encoding="gzip", tag=name, decode=True))
        assert api.inspect_image(name)["Config"]["Labels"]["packed"] == "1"

    def test_labels_and_several_names(self, api, built, image):
        other = image()
        name = built("FROM busybox", labels={"given": "1"})
        assert api.inspect_image(name)["Config"]["Labels"]["given"] == "1"
        assert other != name

    def test_links_and_modes_of_the_context_are_kept(self, api, image, run):
        name, target = image(), io.BytesIO()
        with tarfile.open(fileobj=target, mode="w") as archive:
            for member, content, mode in (
                ("Dockerfile", b"FROM busybox\nCOPY . /c/", 0o644),
                ("x.sh", b"#!/bin/sh\necho ran", 0o755),
            ):
                info = tarfile.TarInfo(member)
                info.size, info.mode = len(content), mode
                archive.addfile(info, io.BytesIO(content))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "x.sh"
            archive.addfile(link)
        list(api.build(fileobj=io.BytesIO(target.getvalue()), custom_context=True, tag=name, decode=True))
        assert run("sh", "-c", "readlink /c/link; /c/link", image=name).out == "x.sh\nran\n"


@pytest.mark.any_runner
class TestCache:
    LINES = "FROM busybox\nCOPY f /f\nRUN head -c 16 /dev/urandom | md5sum > /random\n"

    def test_the_same_steps_are_not_done_again(self, api, build):
        first, _ = build(self.LINES, {"f": "cache"})
        second, said = build(self.LINES, {"f": "cache"})
        assert api.inspect_image(first)["Id"] == api.inspect_image(second)["Id"]
        assert text(said).count(" ---> Using cache") == 2

    def test_changed_files_are_noticed(self, api, build):
        first, _ = build(self.LINES, {"f": "one"})
        second, said = build(self.LINES, {"f": "two"})
        assert api.inspect_image(first)["Id"] != api.inspect_image(second)["Id"]
        assert " ---> Using cache" not in text(said)

    def test_changed_arguments_are_noticed(self, build):
        lines = "FROM busybox\nARG X\nRUN echo $X > /x\n"
        build(lines, buildargs={"X": "1"})
        _, said = build(lines, buildargs={"X": "2"})
        assert " ---> Using cache" in text(said)
        assert "Running in" in text(said)

    def test_it_can_be_left_aside(self, api, build):
        first, _ = build(self.LINES, {"f": "no cache"})
        second, said = build(self.LINES, {"f": "no cache"}, nocache=True)
        assert api.inspect_image(first)["Id"] != api.inspect_image(second)["Id"]
        assert " ---> Using cache" not in text(said)


@pytest.mark.any_runner
class TestSaid:
    def test_each_step_and_the_result(self, api, build):
        name, said = build("FROM busybox\nRUN echo hello\nLABEL x=1")
        full = api.inspect_image(name)["Id"]
        lines = text(said)
        for step in ("Step 1/3 : FROM busybox", "Step 2/3 : RUN echo hello", "Step 3/3 : LABEL x=1"):
            assert f"{step}\n" in lines
        assert "\nhello\n" in lines
        assert " ---> Running in " in lines
        assert f"Successfully built {full[7:19]}\n" in lines
        assert lines.endswith(f"Successfully tagged {name}\n")
        assert {"ID": full} in [each["aux"] for each in said if "aux" in each]

    def test_a_quiet_build_says_the_id_alone(self, api, build):
        name, said = build("FROM busybox\nLABEL quiet=1", quiet=True)
        assert text(said) == api.inspect_image(name)["Id"] + "\n"

    def test_the_history_names_each_instruction(self, api, built):
        found = api.history(built('FROM busybox\nENV A=1\nRUN echo x > /x\nCMD ["echo"]'))
        created = [each["CreatedBy"] for each in found]
        assert created[:3] == [
            '/bin/sh -c #(nop)  CMD ["echo"]',
            "/bin/sh -c echo x > /x",
            "/bin/sh -c #(nop)  ENV A=1",
        ]
        assert [each["Size"] > 0 for each in found[:3]] == [False, True, False]

    def test_no_container_is_left_behind(self, api, built):
        before = {each["Id"] for each in api.containers(all=True)}
        built("FROM busybox\nRUN true\nRUN echo left > /x")
        assert {each["Id"] for each in api.containers(all=True)} == before

    @pytest.mark.parametrize(
        ("dockerfile", "sentence"),
        [
            ("", "the Dockerfile (Dockerfile) cannot be empty"),
            ("RUN true", "no build stage in current context"),
            ("FROM busybox\nNONSENSE x", "unknown instruction: NONSENSE"),
            ("FROM busybox\nCOPY one", "COPY requires at least two arguments"),
            ("FROM busybox\nENV", "ENV requires at least one argument"),
            ("FROM busybox\nCOPY missing /x", "COPY failed: file not found in build context or excluded by .dockerignore: stat missing: file does not exist"),
            ("FROM busybox\nCOPY ../up /x", "COPY failed: forbidden path outside the build context: ../up ()"),
            ("FROM busybox\nRUN exit 7", "The command '/bin/sh -c exit 7' returned a non-zero code: 7"),
            ("FROM busybox\nONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
            ("FROM busybox\nWORKDIR", "WORKDIR requires exactly one argument"),
            ("FROM busybox\nEXPOSE a/b", "a"),
            ("FROM busybox\nCOPY --what=1 a b", "unknown flag: what"),
            ("FROM busybox\nSTOPSIGNAL NONSENSE", "nvalid signal: NONSENSE"),
            ("FROM Upper", "invalid reference format: repository name must be lowercase"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told(self, build, dockerfile, sentence):
        assert sentence.lower() in build_refused(build, dockerfile)[1].lower()

    def test_a_missing_dockerfile_is_told(self, api, packed):
        with pytest.raises(docker.errors.APIError, match="Cannot locate specified Dockerfile: Dockerfile"):
            list(api.build(fileobj=io.BytesIO(packed({"x": "y"})), custom_context=True, decode=True))

    def test_a_failed_step_leaves_no_name(self, api, build):
        name, said = build("FROM busybox\nRUN exit 3")
        assert any("error" in each for each in said)
        assert next(each["errorDetail"]["code"] for each in said if "errorDetail" in each) == 3
        with pytest.raises(docker.errors.ImageNotFound):
            api.inspect_image(name)

    def test_the_answer_is_a_stream_of_json(self, ask, packed):
        answer = ask(
            "POST", "/build?q=1", packed({"Dockerfile": "FROM busybox"}), headers={"Content-Type": "application/x-tar"}
        )
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        lines = (
            [answer.body] if isinstance(answer.body, dict) else [json.loads(line) for line in answer.body.splitlines()]
        )
        assert lines[-1]["stream"].startswith("sha256:")
