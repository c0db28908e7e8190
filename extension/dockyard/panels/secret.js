// A password field. What is typed is in no state that a notebook could save: it goes out as one message, and the field is empty again.
let count = 0;
function render({ model, el }) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  el.classList.add("jupyter-widgets", "widget-inline-hbox", "widget-text", "dockyard-secret");
  label.className = "widget-label";
  label.style.width = "9em";
  input.type = "password";
  input.autocomplete = "off";
  input.id = `dockyard-secret-${Date.now()}-${count++}`;
  label.htmlFor = input.id;
  const refresh = () => {
    label.textContent = model.get("label");
    label.title = input.title = model.get("hint");
    input.placeholder = model.get(model.get("is_filled") ? "filled" : "placeholder");
    input.disabled = model.get("disabled");
  };
  const send = () => {
    if (!input.value) return;
    model.send({ secret: input.value });
    input.value = "";
  };
  input.addEventListener("change", send); // leaving the field, such as for a button
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") send();
  });
  for (const name of ["label", "hint", "placeholder", "filled", "is_filled", "disabled"]) model.on(`change:${name}`, refresh);
  refresh();
  el.append(label, input);
}
export default { render };
