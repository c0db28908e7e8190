// What a container prints, and a shell in it: the terminal of Dockyard's panels in a tab of its own, at the end of a websocket.

import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import terminal, { ITerminalModel } from './terminal.js';
import { Server } from './request';
import { IChange, IPlan } from './types';

const RETURN = 13;
const LINE_FEED = 10;

interface IOutcome {
  exit_code: number | null;
  changes: IChange[];
  warnings: string[];
}

export function shell(server: Server, trans: TranslationBundle, plan: IPlan): Widget {
  const title = trans.__('Shell in %1', plan.container!);
  return new StreamView(title, trans, () => server.socket('terminal', { plan: plan.id }), true);
}

export function logs(server: Server, trans: TranslationBundle, container: string): Widget {
  const title = trans.__('Output of %1', container);
  return new StreamView(title, trans, () => server.socket('logs', { container }), false);
}

class StreamView extends Widget {
  constructor(title: string, trans: TranslationBundle, connect: () => WebSocket, talks: boolean) {
    super();
    this.addClass('dockyard-stream');
    this.title.label = title;
    this._head = this.node.appendChild(document.createElement('div'));
    this._head.className = 'dockyard-stream-head';
    this._head.setAttribute('role', 'status');
    this._place = this.node.appendChild(document.createElement('div'));
    this._place.className = 'dockyard-terminal';
    this._line = new Line(title, trans, connect, talks, text => (this._head.textContent = text));
  }

  dispose(): void {
    this._line.close();
    this._end?.();
    super.dispose();
  }

  protected onAfterAttach(): void {
    if (!this._end) {
      const close = terminal.initialize({ model: this._line });
      const leave = terminal.render({ model: this._line, el: this._place });
      this._end = () => {
        leave();
        close();
      };
    }
  }

  protected onActivateRequest(): void {
    this.node.querySelector('textarea')?.focus();
  }

  private _head: HTMLElement;
  private _place: HTMLElement;
  private _line: Line;
  private _end: (() => void) | null = null;
}

// The model that the terminal talks to, as an anywidget's would be; behind it is a websocket instead of a kernel.
class Line implements ITerminalModel {
  constructor(
    title: string,
    private _trans: TranslationBundle,
    private _connect: () => WebSocket,
    private _talks: boolean,
    private _say: (text: string) => void
  ) {
    const words = {
      hint: _trans.__('Shift+F6 leaves the terminal. Ctrl+V pastes; Ctrl+C copies what is selected.'),
      reader: _trans.__('For screen readers'),
      orphan: ''
    };
    this._state = { key: title + Math.random(), label: title, screen_reader: false, is_open: false, words };
  }

  get(name: string): unknown {
    return this._state[name];
  }

  on(event: string, callback: (...args: any[]) => void): void {
    this._callbacks[event] = callback;
  }

  send(content: Record<string, unknown>, _?: undefined, buffers: ArrayBuffer[] = []): void {
    if (content.do === 'ready') {
      this._ready = content;
      this.open();
    } else if (this._talks && this._socket?.readyState === WebSocket.OPEN) {
      this._socket.send(content.do === 'input' ? buffers[0] : JSON.stringify(content));
    }
  }

  close(): void {
    this._isClosed = true;
    this._socket?.close();
  }

  private open(): void {
    const socket = (this._socket = this._connect());
    socket.onmessage = message => {
      if (typeof message.data === 'string') {
        this.hear(JSON.parse(message.data));
      } else if (this._talks) {
        const number = Number(new DataView(message.data).getBigUint64(0));
        this.show({ do: 'output', number }, new DataView(message.data, 8));
      } else {
        this.show({ do: 'output', number: 0 }, withReturns(new Uint8Array(message.data)));
      }
    };
    socket.onclose = () => {
      this.setOpen(false);
      if (!this._isClosed && !this._isOver) {
        this._say(this._trans.__('The connection to the server was lost.'));
      }
    };
  }

  private hear(told: Record<string, any>): void {
    if (told.line) {
      this._say([told.line, ...(told.warnings ?? [])].join(' — '));
      this._socket?.send(JSON.stringify(this._ready));
    } else if ('is_open' in told) {
      this.setOpen(told.is_open);
    } else if (told.outcome) {
      this._isOver = true;
      this._say(this.outcome(told.outcome));
    } else if (told.error) {
      this._isOver = true;
      this._say(told.error.message);
    } else if (told.ended) {
      this._isOver = true;
      this._say(this._trans.__('The container has ended.'));
    } else if (told.do) {
      this.show(told);
    }
  }

  private outcome(outcome: IOutcome): string {
    const code = outcome.exit_code;
    const end =
      code === null
        ? this._trans.__('The program runs on without this terminal.')
        : this._trans.__('The program ended with exit code %1.', code);
    const changed = outcome.changes.map(change => `${change.word}: ${change.name}`).join(', ');
    return [end, changed, ...outcome.warnings].filter(Boolean).join(' — ');
  }

  private setOpen(isOpen: boolean): void {
    this._state.is_open = isOpen;
    this._callbacks['change:is_open']?.();
  }

  private show(content: Record<string, unknown>, bytes?: ArrayBufferView): void {
    this._callbacks['msg:custom']?.(content, bytes ? [bytes] : []);
  }

  private _state: Record<string, unknown>;
  private _callbacks: Record<string, (...args: any[]) => void> = {};
  private _socket: WebSocket | null = null;
  private _ready: Record<string, unknown> = {};
  private _isOver = false;
  private _isClosed = false;
}

// A terminal goes down at a line feed, and back to the left only where it is told to.
function withReturns(bytes: Uint8Array): Uint8Array {
  const made: number[] = [];
  for (const each of bytes) {
    if (each === LINE_FEED) {
      made.push(RETURN);
    }
    made.push(each);
  }
  return Uint8Array.from(made);
}
