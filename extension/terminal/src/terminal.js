// A terminal in a cell (anywidget front-end module). Its bytes go as messages, never into the widget's state, which notebooks save.

import { Screen } from "./screen.js";

const screens = new Map(); // by the widget's own key

function initialize({ model }) {
  const key = model.get("key");
  const screen = new Screen(model);
  screens.set(key, screen);
  return () => {
    screens.delete(key);
    screen.close();
  };
}

function render({ model, el }) {
  const screen = screens.get(model.get("key"));
  el.classList.add("dockyard-terminal");
  screen.enter(el);
  return () => screen.leave(el);
}

export default { initialize, render };
