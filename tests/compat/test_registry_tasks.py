"""Push, pull, log-in and a registry of one's own, on every engine."""

import json
import threading
import traceback
import uuid

import pytest

from dockyard.connection.registry import Registry
from dockyard.errors import (
    BadSecret,
    Cancelled,
    CannotUndo,
    EngineRefused,
    ImageMissing,
    LoginRefused,
    NoSuchContainer,
    NoSuchImage,
    NotInRegistry,
    PortTaken,
    PushRefused,
    RegistryUnreachable,
    SecretNeeded,
)
from dockyard.tasks import (
    Commit,
    ImageName,
    Login,
    Logout,
    Pull,
    Push,
    Secret,
    Tag,
    Untag,
    collect_garbage,
    start_registry,
)
from dockyard.tasks.logins import known_login
from dockyard.tasks.push import PublicPush
from dockyard.tasks.record import entries
from dockyard.tasks.tagged import tagged
from registries import free_port, make_certificate

pytestmark = pytest.mark.engine

CARROT = "carrot-and-radish"
WRONG = "radish-and-carrot"


@pytest.fixture(scope="module")
def start(client):
    made = []

    def run(**options):
        name = f"registry-{uuid.uuid4().hex[:8]}"
        made.append(name)
        return name, start_registry(client, name=name, port=free_port(), **options).address

    yield run
    for name in made:
        if client.find_json("/containers/{}/json", name):
            client.api.remove_container(name, force=True, v=True)


@pytest.fixture(scope="module")
def opened(start):
    return start()


@pytest.fixture(scope="module")
def locked(start):
    return start(user="usagi", secret=Secret(CARROT))[1]


@pytest.fixture(autouse=True)
def config(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return tmp_path / "docker" / "config.json"


@pytest.fixture
def image(client, container, shell):
    """Makes an image with a layer of its own and names it; removes it afterwards."""
    made = []

    def make(address, repository=""):
        source = container()
        shell(source, "head -c 600000 /dev/urandom > /big")
        name = f"{address}/{repository or f'nyappacchi-{uuid.uuid4().hex[:8]}'}:13"
        Commit(source, name).run(client)
        client.api.remove_container(source, force=True, v=True)
        container.made.remove(source)
        made.append(name)
        return name

    yield make
    for name in made:
        if client.find_json("/images/{}/json", name):
            client.api.remove_image(name, force=True)


def image_of(client, name):
    return tagged(client, ImageName.parse(name))


def everything_told(error):
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


class TestPushAndPull:
    def test_it_goes_there_and_the_same_comes_back(self, client, opened, image):
        _, address = opened
        name = image(address)
        repository = ImageName.parse(name).path
        image_id = image_of(client, name)
        push, pull = Push(name), Pull(name)
        assert not push.verify(client).ok
        with Registry(address) as registry:
            assert repository not in list(registry.catalog())
            seen = []
            done = push.run(client, plan=push.plan(client), report=seen.append)
            assert repository in list(registry.catalog())
            assert registry.tags(repository) == ["13"]
            manifest = registry.manifest(repository, "13")
        assert manifest.digest == done.digest
        assert len(manifest.layers) == len(seen[-1].layers) > 1
        assert manifest.size_bytes > 600_000
        assert all(layer.has_ended for layer in seen[-1].layers)
        assert seen[-1].done == seen[-1].total > 600_000
        assert push.verify(client).ok
        assert done.digest in push.verify(client).says
        with pytest.raises(CannotUndo, match="pulled it"):
            push.undo(client)

        Untag((name,)).run(client)
        plan = pull.plan(client)
        assert [(each.action, each.kind) for each in plan.changes] == [("create", "image")]
        seen.clear()
        back = pull.run(client, plan=plan, report=seen.append)
        assert (back.image_id, back.digest) == (image_id, done.digest)
        assert "Downloaded newer image" in back.status
        assert any(layer.has_ended for layer in seen[-1].layers)
        assert pull.verify(client).ok
        again = pull.run(client)
        assert "up to date" in again.status
        assert again.changes[0].action == "keep"
        pull.undo(client)  # of the second, which brought nothing
        assert image_of(client, name) == image_id
        pull.undo(client)
        assert client.find_json("/images/{}/json", image_id) is None

    def test_a_pull_that_moves_a_name_is_taken_back(self, client, opened, image):
        _, address = opened
        name = image(address)
        Push(name).run(client)
        pushed = image_of(client, name)
        Tag("busybox", name).run(client)
        client.api.remove_image(pushed, force=True)
        pull = Pull(name)
        assert pull.plan(client).changes[0].action == "change"
        assert pull.run(client).image_id == pushed
        pull.undo(client)
        assert image_of(client, name) == image_of(client, "busybox")

    def test_by_digest(self, client, opened, image):
        _, address = opened
        name = image(address)
        digest, image_id = Push(name).run(client).digest, image_of(client, name)
        Untag((name,)).run(client)
        pull = Pull(f"{ImageName.parse(name).familiar_repository}@{digest}")
        assert pull.run(client).image_id == image_id
        assert pull.verify(client).ok
        pull.undo(client)
        assert client.find_json("/images/{}/json", image_id) is None

    def test_what_the_stream_says_went_wrong_is_raised(self, client, opened, image):
        _, address = opened
        with pytest.raises(NoSuchImage, match="nothing"):
            Pull(f"{address}/nothing:1").run(client)
        name = image("localhost:1")
        with pytest.raises(PushRefused, match="refused"):
            Push(name).run(client)

    def test_what_is_not_there_is_not_pushed(self, client, opened):
        with pytest.raises(ImageMissing):
            Push(f"{opened[1]}/nothing:1").plan(client)

    @pytest.mark.parametrize("task", [Push, Pull])
    def test_cancel(self, task, client, opened, image):
        _, address = opened
        name = image(address)
        if task is Pull:
            Push(name).run(client)
            Untag((name,)).run(client)
        cancel = threading.Event()
        with pytest.raises(Cancelled):
            task(name).run(client, report=lambda _: cancel.set(), cancel=cancel)

    def test_before_a_push_to_docker_hub_it_is_said_that_it_is_public(self, client, image):
        name = image("zoozoousagi")
        warnings = Push(name).plan(client).warnings
        assert [type(each) for each in warnings] == [PublicPush]
        assert "PUBLIC" in warnings[0]
        assert "YOUR-ID/busybox" in Push("busybox").plan(client).warnings[1]

    def test_docker_s_own_command_pulls_what_was_pushed_here(self, client, docker_cli, opened, image):
        name = image(opened[1])
        image_id = image_of(client, name)
        Push(name).run(client)
        Untag((name,)).run(client)
        docker_cli("pull", name)
        assert image_of(client, name) == image_id


class TestLogin:
    def test_in_push_pull_out(self, client, docker_cli, locked, image, config):
        name = image(locked)
        with pytest.raises(PushRefused, match=r"no basic auth credentials|unauthorized"):
            Push(name).run(client)
        login = Login("usagi", locked)
        plan = login.plan(client)
        assert plan.changes[0].name == str(config)
        assert "not encrypted" in plan.warnings[0]
        assert login.run(client, plan=plan, secret=Secret(CARROT)).kept_in == str(config)
        assert config.stat().st_mode & 0o777 == 0o600
        assert login.verify(client).ok
        digest = Push(name).run(client).digest
        user, secret = known_login(locked)
        with Registry(locked, user=user, secret=secret) as registry:
            assert registry.manifest(ImageName.parse(name).path, "13").digest == digest
        Untag((name,)).run(client)
        docker_cli("pull", name)  # the command line finds the same log-in
        logout = Logout(locked)
        assert len(logout.plan(client).changes) == 1
        logout.run(client)
        assert logout.verify(client).ok
        assert not login.verify(client).ok
        assert logout.plan(client).changes == ()
        Untag((name,)).run(client)
        with pytest.raises(NoSuchImage, match=r"no basic auth credentials|unauthorized"):
            Pull(name).run(client)

    def test_a_wrong_password_is_refused_and_not_kept(self, client, locked, config):
        with pytest.raises(LoginRefused, match="usagi") as caught:
            Login("usagi", locked).run(client, secret=Secret(WRONG))
        assert WRONG not in everything_told(caught.value)
        assert not config.exists()

    def test_where_no_registry_answers(self, client, config):
        with pytest.raises(EngineRefused) as caught:
            Login("usagi", "localhost:1").run(client, secret=Secret(CARROT))
        assert CARROT not in everything_told(caught.value)
        assert not config.exists()

    def test_without_a_password_nothing_is_tried(self, client, locked):
        with pytest.raises(SecretNeeded, match=r"Secret\.ask"):
            Login("usagi", locked).run(client)
        with pytest.raises(SecretNeeded):
            Login("usagi", locked).run(client, secret=Secret(""))

    def test_undo_logs_out_but_brings_no_password_back(self, client, locked, config):
        login = Login("usagi", locked)
        login.run(client, secret=Secret(CARROT))
        login.undo(client)
        assert json.loads(config.read_text())["auths"] == {}
        login.run(client, secret=Secret(CARROT))
        login.run(client, secret=Secret(CARROT))
        with pytest.raises(CannotUndo, match="not kept"):
            login.undo(client)
        with pytest.raises(CannotUndo, match="log in again"):
            Logout(locked).undo(client)

    def test_the_password_is_on_no_record(self, client, locked):
        login = Login("usagi", locked)
        result = login.run(client, secret=Secret(CARROT))
        shown = [
            repr(login),
            login.command,
            login.code,
            repr(result),
            repr(login.verify(client)),
            repr(login.plan(client)),
        ]
        assert not any(CARROT in text for text in shown)
        assert not any(CARROT in repr(entry) for entry in entries(client.data_dir))
        for file in client.data_dir.rglob("*"):
            assert not file.is_file() or CARROT.encode() not in file.read_bytes(), file

    def test_not_even_the_container_of_the_registry_knows_the_password(self, client, start):
        name, _ = start(user="usagi", secret=Secret(CARROT))
        assert CARROT not in json.dumps(client.get_json("/containers/{}/json", name))


class TestRegistryOfOnesOwn:
    def test_a_deleted_tag_s_bytes_are_freed_and_it_can_be_pushed_again(self, client, start, image):
        container, address = start()
        name, other = image(address, "goes"), image(address, "stays")
        for each in (name, other):
            Push(each).run(client)
        Tag(name, f"{address}/goes:14").run(client)
        digest = Push(f"{address}/goes:14").run(client).digest
        with Registry(address) as registry:
            assert registry.tags_of("goes", digest) == ["13", "14"]
            assert collect_garbage(client, container).freed_bytes == 0
            registry.delete("goes", digest)
            assert registry.tags("goes") == []
            with pytest.raises(NotInRegistry):
                registry.delete("goes", digest)
        done = collect_garbage(client, container)
        assert done.freed_bytes > 600_000
        assert done.after_bytes > 600_000
        assert "blob eligible for deletion" in done.said
        Untag((f"{address}/goes:14",)).run(client)
        assert Push(name).run(client).digest == digest
        Untag((name,)).run(client)
        Pull(name).run(client)
        for each in (name, other):
            Untag((each,)).run(client)
        Pull(other).run(client)

    def test_with_tls(self, start, tmp_path):
        certificate = make_certificate(tmp_path)
        _, address = start(certificate=(certificate.cert, certificate.key))
        with Registry(address, ca=str(certificate.cert)) as registry:
            assert list(registry.catalog()) == []
        with Registry(address) as registry, pytest.raises(RegistryUnreachable, match="certificate"):
            list(registry.catalog())

    def test_what_can_t_be_started_leaves_nothing(self, client, opened, tmp_path):
        before = {each["Id"] for each in client.api.containers(all=True)}
        port = int(opened[1].rpartition(":")[2])
        with pytest.raises(PortTaken, match=str(port)):
            start_registry(client, name="taken", port=port)
        with pytest.raises(BadSecret):
            start_registry(client, user="usagi", secret=Secret("x" * 73))
        with pytest.raises(BadSecret):
            start_registry(client, user="a:b", secret=Secret(CARROT))
        (tmp_path / "bad.pem").write_text("no certificate")
        with pytest.raises(EngineRefused):
            start_registry(
                client, name="bad", port=free_port(), certificate=(tmp_path / "bad.pem", tmp_path / "bad.pem")
            )
        assert {each["Id"] for each in client.api.containers(all=True)} == before

    def test_garbage_of_what_is_no_registry(self, client, container):
        with pytest.raises(NoSuchContainer):
            collect_garbage(client, "nothing-here")
        with pytest.raises(EngineRefused, match=r"config\.yml"):
            collect_garbage(client, container())
