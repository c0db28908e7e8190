// The panels' terminal, as scripts/terminal bundles it: an anywidget module with xterm.js in it. take-terminal.mjs puts it beside this.

export interface ITerminalModel {
  get(name: string): unknown;
  on(event: string, callback: (...args: any[]) => void): void;
  send(content: Record<string, unknown>, callbacks?: undefined, buffers?: ArrayBuffer[]): void;
}

declare const terminal: {
  initialize(options: { model: ITerminalModel }): () => void;
  render(options: { model: ITerminalModel; el: HTMLElement }): () => void;
};
export default terminal;
