// Two sandboxed views of one page: what the kernel fetched, and what this browser shows for the same address.

// The other name of this machine: cookies know no ports, and the notebook's are not for the page.
const OTHER = { localhost: "127.0.0.1", "127.0.0.1": "localhost", "[::1]": "localhost" };

// Where this browser can open the published port: itself, where it reaches it; else through the Jupyter server's proxy.
async function address(port, path) {
  if (!port) return null;
  const other = OTHER[location.hostname];
  if (other && location.protocol === "http:") {
    const url = `http://${other}:${port}${path}`;
    try {
      await fetch(url, { mode: "no-cors", method: "HEAD", credentials: "omit", cache: "no-store" });
      return { url, direct: true };
    } catch {
      // a tunnel: the name is this machine's, the port is not
    }
  }
  const config = document.getElementById("jupyter-config-data");
  if (!config) return null;
  const base = JSON.parse(config.textContent).baseUrl ?? "/";
  return { url: new URL(`${base}proxy/${port}${path}`, location.origin).href, direct: false };
}

function frame(title) {
  const view = document.createElement("iframe");
  view.setAttribute("sandbox", ""); // no scripts, no forms, no way up
  view.title = title;
  return view;
}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function render({ model, el }) {
  const words = model.get("words");
  el.classList.add("dockyard-preview");

  const bar = element("div", "", "bar");
  const again = element("button", words.again, "jupyter-button widget-button");
  again.type = "button";
  again.addEventListener("click", () => model.send({ do: "fetch" }));
  const tab = element("a", words.tab);
  tab.target = "_blank";
  tab.rel = "noreferrer";
  bar.append(again, tab);

  const fault = element("div", "", "fault");
  fault.setAttribute("role", "alert");

  const fresh = element("figure");
  const freshView = frame(words.fresh);
  const summary = element("small");
  const kept = element("small");
  fresh.append(element("figcaption", words.fresh), freshView, summary, kept);

  const browser = element("figure");
  const browserView = frame(words.browser);
  const route = element("small");
  browser.append(element("figcaption", words.browser), browserView, route);

  const show = async () => {
    const problem = model.get("fault");
    fault.textContent = problem;
    fresh.hidden = browser.hidden = Boolean(problem);
    tab.hidden = true;
    if (problem) return;
    freshView.srcdoc = model.get("document");
    summary.textContent = model.get("summary");
    kept.textContent = model.get("kept");
    const found = await address(model.get("port"), model.get("path"));
    browserView.hidden = !found;
    if (!found) {
      route.textContent = words.unreachable;
      return;
    }
    browserView.src = found.url; // an ordinary visit, cache and all
    route.textContent = (found.direct ? words.direct : words.proxied).replace("{url}", found.url);
    // Through the proxy the page would stand, without a sandbox, on the notebook's own origin.
    tab.href = found.direct ? found.url : "";
    tab.hidden = !found.direct;
  };
  model.on("change:fault", show);
  model.on("msg:custom", show); // after each fetch
  show();
  const views = element("div", "", "views");
  views.append(fresh, browser);
  el.append(bar, fault, views);
}

export default { render };
