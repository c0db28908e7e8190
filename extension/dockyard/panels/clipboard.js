// A button that copies a text. Where the browser allows no clipboard (a page without https), the text is selected instead.
function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-button widget-button";
  button.style.width = "auto";
  const overflow = document.createElement("textarea");
  overflow.hidden = true;
  overflow.readOnly = true;
  overflow.rows = 4;
  overflow.style.width = "min(44em, 98%)";
  const refresh = () => {
    button.textContent = model.get("label");
    button.disabled = !model.get("text");
    overflow.hidden = true;
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(model.get("text"));
      button.textContent = model.get("done");
      setTimeout(refresh, 1500);
    } catch {
      overflow.value = model.get("text");
      overflow.hidden = false;
      overflow.select();
    }
  });
  model.on("change:text", refresh);
  model.on("change:label", refresh);
  refresh();
  el.classList.add("dockyard-copy");
  el.append(button, overflow);
}
export default { render };
