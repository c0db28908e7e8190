// The terminal's colours: those of JupyterLab's theme, and sixteen that can be told apart on it.

const LIGHT = [
  "#24292f", "#b3261e", "#1a6b2c", "#7a5300", "#1a56b0", "#8a2a8a", "#0b6670", "#57606a",
  "#474d55", "#8c1d18", "#0f5323", "#5e4000", "#123f85", "#6b1f6b", "#084e56", "#1f2328",
];
const DARK = [
  "#5c6370", "#ff8078", "#7fd88f", "#e5c07b", "#7ab7ff", "#e58fe5", "#66d4dd", "#d0d4da",
  "#8b929e", "#ffa39d", "#a5e8b1", "#f2d79b", "#a6cfff", "#f0b3f0", "#97e4ea", "#ffffff",
];
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

// A CSS variable as a colour that xterm.js reads; it knows no variables.
function resolved(host, name, otherwise) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name}, ${otherwise})`;
  host.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return /^rgba?\(/.test(colour) ? colour : otherwise;
}

// JupyterLab says on its body whether its theme is light; elsewhere the browser's preference counts.
function isLight() {
  const said = document.body.dataset.jpThemeLight;
  return said ? said === "true" : !matchMedia("(prefers-color-scheme: dark)").matches;
}

export function theme(host) {
  const light = isLight();
  const foreground = resolved(host, "--jp-ui-font-color0", light ? "#000000" : "#ffffff");
  const made = {
    background: resolved(host, "--jp-layout-color0", light ? "#ffffff" : "#111111"),
    foreground,
    cursor: foreground,
    cursorAccent: light ? "#ffffff" : "#111111",
    selectionBackground: light ? "#b6d6fd" : "#264f78",
  };
  (light ? LIGHT : DARK).forEach((colour, place) => {
    const name = NAMES[place % 8];
    made[place < 8 ? name : `bright${name[0].toUpperCase()}${name.slice(1)}`] = colour;
  });
  return made;
}

export function font(host) {
  const style = getComputedStyle(host);
  const family = style.getPropertyValue("--jp-code-font-family").trim() || "monospace";
  const size = parseFloat(style.getPropertyValue("--jp-code-font-size")) || 13;
  return { fontFamily: `${family}, "D2Coding", "Noto Sans Mono CJK KR", monospace`, fontSize: size };
}

// Calls back whenever the theme may be another one; returns what ends that.
export function watchTheme(changed) {
  const observer = new MutationObserver(() => setTimeout(changed, 50)); // the theme's sheet comes a moment after its name
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  const preference = matchMedia("(prefers-color-scheme: dark)");
  preference.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    preference.removeEventListener("change", changed);
  };
}
