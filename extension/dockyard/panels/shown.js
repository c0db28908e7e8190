// Takes up no room; tells the kernel how many cells of this page show the widget that it stands in.
const counts = new WeakMap();
const tell = (model) => model.send({ do: "views", count: counts.get(model) });
function render({ model, el }) {
  el.style.display = "none";
  counts.set(model, (counts.get(model) ?? 0) + 1);
  tell(model);
  // Another page has none left; this one may.
  const answer = (content) => content.do === "count" && counts.get(model) > 0 && tell(model);
  model.on("msg:custom", answer);
  return () => {
    model.off("msg:custom", answer);
    counts.set(model, counts.get(model) - 1);
    tell(model);
  };
}
export default { render };
