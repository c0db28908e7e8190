// One terminal: xterm.js, what comes to it from the kernel, and what goes back. It is one for all views of its widget, and stands in the last.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { isForProgram } from "./keys.js";
import { font, theme, watchTheme } from "./theme.js";

const SETTLE_MS = 100;
const SCROLLBACK_LINES = 5000;
const LEAST_CONTRAST = 4.5; // WCAG 2.1, AA

export class Screen {
  constructor(model) {
    this.model = model;
    this.places = []; // the elements of the views
    this.host = document.createElement("div");
    this.host.className = "dockyard-terminal-screen";
    this.after = document.createElement("div"); // where the focus goes that leaves the terminal
    this.after.className = "dockyard-terminal-foot";
    this.after.tabIndex = -1;
    this.closing = new AbortController();
    this.fitting = new FitAddon();
    model.on("msg:custom", (content, buffers) => this.hear(content, buffers));
    model.on("change:is_open", () => this.showState());
    model.on("comm_live_update", () => this.orphan());
  }

  // ------------------------------------------------------------ where it stands

  enter(place) {
    this.places.push(place);
    this.stand();
    this.model.send({ do: "views", count: this.places.length });
  }

  leave(place) {
    this.places = this.places.filter((each) => each !== place);
    this.stand();
    this.model.send({ do: "views", count: this.places.length });
  }

  stand() {
    const place = this.places.at(-1);
    if (!place) return;
    place.append(this.host, this.after);
    if (!this.terminal) this.open();
  }

  open() {
    const words = this.model.get("words");
    this.terminal = new Terminal({
      ...font(this.host),
      theme: theme(this.host),
      scrollback: SCROLLBACK_LINES,
      minimumContrastRatio: LEAST_CONTRAST,
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      screenReaderMode: this.model.get("screen_reader"),
      disableStdin: true,
      macOptionIsMeta: true,
    });
    this.terminal.loadAddon(this.fitting);
    this.terminal.open(this.host);
    this.terminal.textarea.setAttribute("aria-label", this.model.get("label"));
    const leave = () => this.after.focus();
    this.terminal.attachCustomKeyEventHandler(
      (event) => isForProgram(event, this.terminal, leave) && this.model.get("is_open"),
    );
    const encoder = new TextEncoder();
    this.terminal.onData((text) => this.type(encoder.encode(text)));
    this.terminal.onBinary((text) => this.type(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
    this.terminal.onResize((size) => this.resized(size));
    this.foot(words);
    const endTheme = watchTheme(() => (this.terminal.options = { ...font(this.host), theme: theme(this.host) }));
    this.closing.signal.addEventListener("abort", endTheme);
    const sizes = new ResizeObserver(() => requestAnimationFrame(() => this.fit()));
    sizes.observe(this.host);
    this.closing.signal.addEventListener("abort", () => sizes.disconnect());
    this.showState();
  }

  foot(words) {
    const hint = document.createElement("span");
    hint.textContent = words.hint;
    const label = document.createElement("label");
    const reading = document.createElement("input");
    reading.type = "checkbox";
    reading.checked = this.model.get("screen_reader");
    reading.addEventListener("change", () => (this.terminal.options.screenReaderMode = reading.checked));
    label.append(reading, words.reader);
    this.state = document.createElement("span");
    this.state.className = "dockyard-terminal-state";
    this.state.setAttribute("role", "status");
    this.after.append(this.state, hint, label);
  }

  // ------------------------------------------------------------ sizes

  fit() {
    const fits = this.host.isConnected && this.fitting.proposeDimensions();
    if (!fits || !(fits.cols > 0 && fits.rows > 0)) return; // hidden: it keeps its size
    this.fitting.fit();
    if (this.isReady) return;
    this.isReady = true;
    this.model.send({ do: "ready", rows: this.terminal.rows, columns: this.terminal.cols });
  }

  resized({ rows, cols }) {
    clearTimeout(this.settling);
    if (!this.isReady) return;
    this.settling = setTimeout(() => this.model.send({ do: "size", rows, columns: cols }), SETTLE_MS);
  }

  // ------------------------------------------------------------ to and from the kernel

  type(bytes) {
    if (this.model.get("is_open")) this.model.send({ do: "input" }, undefined, [bytes.buffer]);
  }

  hear(content, buffers) {
    if (!this.terminal) return;
    if (content.do === "count" && this.places.length) this.model.send({ do: "views", count: this.places.length });
    if (content.do === "clear") this.terminal.reset();
    if (content.do === "focus") this.terminal.focus();
    if (content.do !== "output") return;
    const view = buffers[0];
    const bytes = new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
    // Answered when it has been drawn: the kernel holds the program back while too much is not.
    this.terminal.write(bytes, () => this.model.send({ do: "drawn", number: content.number }));
  }

  showState() {
    if (!this.terminal) return;
    const open = this.model.get("is_open");
    this.terminal.options.disableStdin = !open;
    this.host.classList.toggle("dockyard-terminal-over", !open);
    this.host.toggleAttribute("data-lm-suppress-shortcuts", open); // keys are the program's, not JupyterLab's
  }

  // The kernel was restarted, so that no one is there any more to whom anything could be sent.
  orphan() {
    if (!this.terminal) return;
    this.terminal.options.disableStdin = true;
    this.host.classList.add("dockyard-terminal-over");
    this.host.removeAttribute("data-lm-suppress-shortcuts");
    this.state.textContent = this.model.get("words").orphan;
  }

  close() {
    this.closing.abort();
    this.terminal?.dispose();
    this.host.remove();
    this.after.remove();
  }
}
