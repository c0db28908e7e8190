"""Forms: labelled fields, and what is wrong shown beside the field at fault."""

from dockyard.panels.form import Field, Form

FIELDS = [
    Field("name", "Name", flag="--name"),
    Field("ports", "Ports", "lines", flag="-p"),
    Field("image", "Image", "suggest", choices=("httpd",)),
    Field("detach", "Detach", "switch"),
]


def form(values=None):
    changes = []
    return Form(FIELDS, values or {}, lambda: changes.append(1)), changes


def test_values_are_what_was_typed():
    made, changes = form({"name": "web", "detach": True})
    made.fields["ports"].value = "80:80"
    assert made.values == {"name": "web", "ports": "80:80", "image": "", "detach": True}
    assert changes == [1]


def test_a_fault_stands_beside_its_field_and_is_escaped():
    made, _ = form()
    assert made.show_fault("<b>wrong</b>", "-p")
    shown = made.children[1].children[1].value
    assert "&lt;b&gt;wrong" in shown
    assert 'role="alert"' in shown
    assert not made.show_fault("elsewhere", "--nothing")
    assert made.children[1].children[1].value == ""


def test_suggestions_can_be_renewed_and_fields_frozen():
    made, _ = form()
    made.suggest("image", ["busybox"])
    assert made.fields["image"].options == ("busybox",)
    made.freeze(True)
    assert all(widget.disabled for widget in made.fields.values())
