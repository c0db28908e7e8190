"""The panels over pull and push, with a bar for each layer."""

import pytest

import dockyard
from clicks import click, fault_of
from dockyard import panels
from dockyard.panels.transfer import MOST_BARS, LayerBars, PushPanel
from dockyard.tasks import Pull, Push
from dockyard.tasks.transfer import LayerProgress

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def opened(start):
    return start()


@pytest.fixture(autouse=True)
def own_config(config):
    return config


def test_a_push_and_a_pull_draw_every_layer_to_its_end(shown, client, opened, image):
    name = image(opened)
    image_id = client.get_json("/images/{}/json", name)["Id"]
    push = shown(panels.push(client=client))
    assert name in push.form.fields["name"].options
    push.form.fields["name"].value = name
    click(push.run_button, push)
    assert "as sha256:" in push.outcome.value
    bars = push.layers.bars
    assert len(bars) == len(client.get_json("/images/{}/json", name)["RootFS"]["Layers"])
    assert all((bar.value, bar.bar_style) == (1, "success") for bar in bars.values())
    assert all("Pushed" in words.value for words in push.layers.words.values())
    click(push.undo_button, push)
    assert "pulled it" in push.outcome.value

    client.api.remove_image(name)
    pull = shown(panels.pull(name, client=client))
    click(pull.run_button, pull)
    assert client.get_json("/images/{}/json", name)["Id"] == image_id
    assert pull.layers.bars
    assert all(bar.value == 1 for bar in pull.layers.bars.values())
    click(pull.undo_button, pull)
    assert client.find_json("/images/{}/json", name) is None


def test_what_the_stream_says_went_wrong_stands_beside_the_name(shown, client, opened, image):
    pull = shown(panels.pull(f"{opened}/nothing:1", client=client))
    click(pull.run_button, pull)
    assert "nothing" in fault_of(pull, "name")
    push = shown(panels.push(image("localhost:1"), client=client))
    click(push.run_button, push)
    assert "refused" in fault_of(push, "name")
    assert push.undo_button.disabled
    assert not any(bar.bar_style == "success" for bar in push.layers.bars.values())
    push.form.fields["name"].value = f"{opened}/nothing:1"
    click(push.run_button, push)
    assert "nothing" in fault_of(push, "name")
    push.form.fields["name"].value = f"{opened}/Upper:1"
    assert "lower case" in fault_of(push, "name")


def test_a_push_that_would_be_public_waits_for_a_second_run(shown, client, image):
    name = image("zoozoousagi")
    panel = shown(panels.push(name, client=client))
    click(panel.run_button, panel)
    assert "PUBLIC" in panel.plan_view.value
    assert "Nothing was done yet" in panel.outcome.value
    assert panel.more.children == ()
    assert not client.get_json("/images/{}/json", name)["RepoDigests"]


def test_the_second_run_does_it_unless_something_else_was_typed(shown, client, opened, image):
    class Careful(PushPanel):
        def asks_first(self, plan):
            return bool(plan.changes)

    name, other = image(opened), image(opened)
    panel = shown(Careful({"name": other}, client))
    click(panel.run_button, panel)
    panel.form.fields["name"].value = name
    click(panel.run_button, panel)
    assert "Nothing was done yet" in panel.outcome.value
    click(panel.run_button, panel)
    assert "as sha256:" in panel.outcome.value


@pytest.mark.parametrize(
    ("make", "line", "task"),
    [
        (panels.pull, "docker pull --platform linux/arm64 httpd", Pull("httpd", "linux/arm64")),
        (panels.push, "docker push localhost:5000/nyappacchi:13", Push("localhost:5000/nyappacchi:13")),
    ],
)
def test_a_pasted_line_fills_the_form(make, line, task, shown, client):
    panel = shown(make(client=client))
    panel.paste.value = line
    assert panel.task == task == dockyard.parse(line)


def test_what_did_not_end_stands_out_and_what_is_too_much_is_counted():
    bars = LayerBars()
    bars.show(tuple(LayerProgress(f"layer-{n}", "Downloading", n, 100) for n in range(MOST_BARS + 2)))
    bars.end(well=False)
    assert len(bars.bars) == MOST_BARS
    assert bars.bars["layer-30"].value == 0.3
    assert bars.bars["layer-30"].bar_style == "danger"
    assert bars.words["layer-30"].value == "Downloading 30B / 100B"
    assert bars.children[-1].value == "and 2 more layers"
