// Keys that the terminal leaves to the browser, or takes for itself, instead of sending them to the program.

const MAC = navigator.platform.startsWith("Mac");

// Whether the program gets the key. `leave` is called for the one that takes the focus out.
export function isForProgram(event, terminal, leave) {
  if (event.isComposing || event.keyCode === 229) return true; // an input method is at work; xterm.js follows it
  if (event.key === "F6" && event.shiftKey) {
    if (event.type === "keydown") leave();
    event.preventDefault();
    return false;
  }
  const command = MAC ? event.metaKey : event.ctrlKey;
  if (!command || event.altKey) return true;
  if (event.code === "KeyV") return false; // the browser pastes, and xterm.js brackets what was pasted
  if (event.code === "KeyC" && (terminal.hasSelection() || event.shiftKey)) {
    if (event.type === "keydown" && terminal.hasSelection()) copy(terminal);
    event.preventDefault();
    return false;
  }
  return true;
}

async function copy(terminal) {
  try {
    await navigator.clipboard.writeText(terminal.getSelection());
  } catch {
    document.execCommand("copy"); // a page without https has no clipboard but this; xterm.js fills it
  }
}
