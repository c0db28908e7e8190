"""The panel over the containers that are there."""

import threading
import time
import uuid

import pytest

import dockyard
from dockyard import panels
from dockyard.panels.containers import ACTIONS
from dockyard.tasks import Exec, Kill, RemoveContainer, RenameContainer, Stop
from dockyard.tasks.remove import KEPT_REPOSITORY
from embedded import until
from grids import looked_at

pytestmark = pytest.mark.engine


@pytest.fixture
def panel(client, shown):
    return lambda *given, **more: shown(panels.containers(*given, client=client, **more))


@pytest.fixture
def state(client):
    return lambda name: client.get_json("/containers/{}/json", name)["State"]["Status"]


def choose(made, *names):
    wanted = [key for key, row in made.list.rows.items() if row["name"] in names]
    assert len(wanted) == len(names)
    made.list.chosen = wanted


def do(made, button):
    button.click()
    made.wait()


def states(made):
    return {row["name"]: row["state"] for row in made.list.rows.values()}


def test_what_is_chosen_is_stopped_after_its_plan_and_started_again(panel, container, state):
    one, other = container(), container()
    made = panel()
    choose(made, one, other)
    do(made, made.action_buttons["stop"])
    assert one in made.plan_view.value
    assert "running → exited" in made.plan_view.value
    assert state(one) == "running"
    assert made.task in (Stop((one, other)), Stop((other, one)))
    do(made, made.run_button)
    assert (state(one), state(other)) == ("exited", "exited")
    assert "✔" in made.outcome.value
    assert "<code>sleep 1000</code>" in made.more.children[0].value
    do(made, made.undo_button)
    assert (state(one), state(other)) == ("running", "running")
    do(made, made.action_buttons["pause"])
    do(made, made.run_button)
    assert state(one) == "paused"
    do(made, made.undo_button)


def test_the_list_follows_the_engine_and_keeps_what_was_chosen(panel, container, client):
    one = container()
    made = panel()
    looked_at(made.list)
    choose(made, one)
    made.form.fields["action"].value = "stop"
    do(made, made.preview_button)
    plan = made.plan_view.value
    other = container(start=False)
    until(lambda: states(made).get(other) == "○ created")
    assert made.names == (one,)
    assert made.plan_view.value == plan
    client.api.kill(one)
    until(lambda: states(made)[one] == "○ exited (137)")


def test_forty_containers_are_removed_at_once(panel, client):
    mark = uuid.uuid4().hex[:6]
    names = [f"forty-{mark}-{number:02}" for number in range(40)]
    for name in names:
        client.api.create_container("busybox", ["true"], name=name)
    try:
        made = panel()
        looked_at(made.list)
        choose(made, names[7], names[11])
        do(made, made.action_buttons["rm"])
        assert made.form.values["containers"].split() in ([names[7], names[11]], [names[11], names[7]])
        choose(made, *names)
        made.form.fields["keep"].value = False
        do(made, made.run_button)
        assert made.outcome.value.startswith('<div class="dockyard-good"')
        until(lambda: not set(names) & set(states(made)))
        assert made.names == ()
        assert len(made.form.values["containers"].split()) == 40  # what was done stays on screen
    finally:
        for name in names:
            if client.find_json("/containers/{}/json", name):
                client.api.remove_container(name)


def test_one_is_renamed_removed_and_made_again(panel, container, shell, client):
    one = container()
    shell(one, "echo own > /page")
    made = panel(one, "rename")
    made.form.fields["name"].value = f"{one}-new"
    do(made, made.run_button)
    assert client.find_json("/containers/{}/json", f"{one}-new")
    do(made, made.undo_button)
    made.form.fields["action"].value = "rm"
    do(made, made.run_button)
    place = list(made.form.fields).index("force")
    assert "is running" in made.form.children[place].children[1].value
    made.form.fields["force"].value = True
    do(made, made.preview_button)
    assert KEPT_REPOSITORY in made.plan_view.value
    do(made, made.run_button)
    assert client.find_json("/containers/{}/json", one) is None
    do(made, made.undo_button)
    assert shell(one, "cat /page") == "own\n"
    image = client.get_json("/containers/{}/json", one)["Config"]["Image"]
    client.api.remove_container(one, force=True)
    container.made.remove(one)
    client.api.remove_image(image)


def test_a_command_inside_shows_what_it_printed_and_wrote(panel, container):
    one = container()
    made = panel(one, "exec")
    made.form.fields["command"].value = "sh -c 'echo \"<b>hi</b>\"; touch /x'"
    do(made, made.run_button)
    output, files = made.more.children
    assert output.value == "<b>hi</b>\n"
    assert "<code>/x</code>" in files.value
    do(made, made.undo_button)
    assert "can&#x27;t be known in full" in made.outcome.value


def test_logs_are_shown(panel, container):
    one = container("busybox", "sh", "-c", "echo '<i>said</i>'; sleep 1000")
    made = panel(one)
    until(lambda: do(made, made.logs_button) or "said" in made.more.children[0].value)
    assert made.more.children[0].value == "<i>said</i>\n"
    assert one in made.more.children[0].description
    made.form.fields["containers"].value = "nothing-here"
    do(made, made.logs_button)
    assert "nothing-here" in made.outcome.value


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("docker stop -t 3 a b", Stop(("a", "b"), 3)),
        ("docker kill -s HUP a", Kill(("a",), "HUP")),
        ("docker rename a bc", RenameContainer("a", "bc")),
        ("docker rm -f -v a b", RemoveContainer(("a", "b"), force=True, volumes=True)),
        ("docker exec -u 33 a sh -c 'ls /var/*'", Exec("a", ("sh", "-c", "ls /var/*"), "33")),
    ],
)
def test_a_pasted_line_fills_the_form(line, task, panel):
    made = panel()
    made.paste.value = line
    assert made.task == task
    assert made.task.command == line
    visible = {
        name for row, name in zip(made.form.children, made.form.fields, strict=True) if row.layout.display is None
    }
    assert visible == {"containers", "action", *ACTIONS[task.verb][1]}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("containers", "", "Fill in"),
        ("containers", "'open", "quotation mark"),
        ("action", "fly", "it is one of"),
        ("time", "soon", "number of seconds"),
    ],
)
def test_a_fault_stands_beside_its_field(field, value, sentence, panel):
    made = panel("web", "stop")
    made.form.fields[field].value = value
    place = list(made.form.fields).index(field)
    assert sentence in made.form.children[place].children[1].value
    assert made.run_button.disabled


def test_several_cant_be_renamed_at_once(panel):
    made = panel(["a", "b"], "rename")
    made.form.fields["name"].value = "c"
    assert "needs one container" in made.form.children[0].children[1].value


def test_no_thread_is_left_after_closing(client):
    def ours():
        return [each.name for each in threading.enumerate() if each.name.startswith("dockyard")]

    before = ours()
    made = panels.containers(client=client)
    assert ours() == before
    looked_at(made.list)
    assert "dockyard-events" in ours()
    made.close()
    end = time.monotonic() + 5
    while ours() != before:
        assert time.monotonic() < end, ours()
        time.sleep(0.05)


def test_in_korean_its_buttons_say_so(client, shown):
    dockyard.language("ko")
    try:
        made = shown(panels.containers(client=client))
    finally:
        dockyard.language("en")
    assert made.action_buttons["stop"].description == "멈추기"
    assert made.list.columns[0]["title"] == "이름"
    assert "개" in made.list.words["chosen"]
