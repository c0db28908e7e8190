// What is known of the engine, and what is done there. Views draw it when `changed` says so.

import { ServerConnection } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { Refusal, Server } from './request';
import { IDisk, IEngine, IPlan, IRow, IRun, IWish, Kind } from './types';

const RETRY_MS = [500, 1000, 2000, 5000, 10000];
const LISTS = { container: 'containers', image: 'images', volume: 'volumes', network: 'networks' } as const;

type Listed = keyof typeof LISTS;

interface INews {
  kinds?: Listed[];
  is_connected?: boolean;
  engine?: 'changed';
  run?: IRun;
  runs?: IRun[];
  error?: { message: string };
}

export class DockyardModel implements IDisposable {
  engine: IEngine | null = null;
  disk: IDisk | null = null;
  problem = '';
  isServerAway = false;
  filter = '';
  readonly rows = new Map<Kind, IRow[]>();
  readonly runs = new Map<string, IRun>();

  constructor(readonly server: Server) {
    this.connect();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  // Each run as it goes on, and its end.
  get ran(): ISignal<this, IRun> {
    return this._ran;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._retry);
    this._socket?.close();
    Signal.clearData(this);
  }

  shown(kind: Kind): IRow[] {
    const wanted = this.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (row: IRow) => [row.name, row.detail, row.shown_state, ...row.ports].join(' ').toLowerCase();
    return (this.rows.get(kind) ?? []).filter(row => wanted.every(word => text(row).includes(word)));
  }

  row(kind: string, name: string): IRow | undefined {
    return this.rows.get(kind as Kind)?.find(row => row.name === name);
  }

  get running(): number {
    return (this.rows.get('container') ?? []).filter(row => row.state === 'running').length;
  }

  search(text: string): void {
    this.filter = text;
    this._changed.emit();
  }

  plan(wish: IWish): Promise<IPlan> {
    return this.server.post('plans', wish);
  }

  // Do what a plan lists; the promise is kept when it has ended, however that was.
  async run(plan: IPlan): Promise<IRun> {
    const begun = await this.server.post<IRun>('runs', { plan: plan.id });
    return new Promise(resolve => {
      const look = () => {
        const run = this.runs.get(begun.id);
        if (run && run.outcome !== 'running') {
          this._ran.disconnect(look);
          resolve(run);
        }
      };
      this._ran.connect(look);
      this.note(begun);
      look(); // news of its end may have come before the answer
    });
  }

  cancel(run: IRun): Promise<IRun> {
    return this.server.delete(`runs/${run.id}`);
  }

  undo(run: IRun): Promise<{ warnings: string[] }> {
    return this.server.post(`runs/${run.id}/undo`);
  }

  // Look for an engine again, as after Docker was started.
  async lookAgain(): Promise<void> {
    await this.attempt(async () => {
      this.engine = await this.server.post<IEngine>('engine');
    });
    await this.refresh();
  }

  async askDisk(): Promise<void> {
    await this.attempt(async () => {
      this.disk = await this.server.get<IDisk>('disk');
    });
  }

  async refresh(kinds: Listed[] = Object.keys(LISTS) as Listed[]): Promise<void> {
    await this.attempt(async () => {
      this.engine ??= await this.server.get<IEngine>('engine');
      // Volumes are listed with their users, which are containers.
      const wanted = new Set(kinds.includes('container') ? [...kinds, 'volume' as Listed] : kinds);
      await Promise.all([...wanted].map(async kind => this.rows.set(kind, await this.server.get(LISTS[kind]))));
    });
  }

  // Registries are asked when someone looks at them: they may be far away.
  async refreshRegistries(): Promise<void> {
    await this.attempt(async () => {
      const addresses = await this.server.get<string[]>('registries');
      const asked = await Promise.allSettled(
        addresses.map(each => this.server.get<IRow[]>(`registries/${encodeURIComponent(each)}`))
      );
      const silent = (address: string, reason: Error): IRow[] => [
        { id: address, name: address, state: 'silent', shown_state: '', detail: reason.message, status: '', ports: [] }
      ];
      const found = asked.map((answer, place) =>
        answer.status === 'fulfilled' ? answer.value : silent(addresses[place], answer.reason)
      );
      this.rows.set('repository', found.flat());
    });
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.problem = '';
      this.isServerAway = false;
    } catch (error) {
      this.problem = (error as Error).message;
      this.isServerAway = error instanceof ServerConnection.NetworkError;
      if (error instanceof Refusal && error.status === 503) {
        this.engine = null;
        this.rows.clear();
      }
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private connect(): void {
    const socket = (this._socket = this.server.socket('news'));
    socket.onmessage = message => {
      this._failures = 0;
      this.hear(JSON.parse(message.data));
    };
    socket.onclose = () => {
      if (!this._isDisposed) {
        const pause = RETRY_MS[Math.min(this._failures++, RETRY_MS.length - 1)];
        this._retry = window.setTimeout(() => this.connect(), pause);
      }
    };
  }

  private hear(news: INews): void {
    news.runs?.forEach(run => this.note(run));
    if (news.run) {
      this.note(news.run);
    }
    if (news.engine || news.error) {
      this.engine = null;
      void this.refresh();
    } else if (news.kinds) {
      void this.refresh(news.kinds);
    }
  }

  private note(run: IRun): void {
    if (this.runs.get(run.id)?.outcome !== 'running' && this.runs.has(run.id)) {
      return; // its end is known
    }
    this.runs.set(run.id, run);
    this._ran.emit(run);
  }

  private _changed = new Signal<this, void>(this);
  private _ran = new Signal<this, IRun>(this);
  private _socket: WebSocket | null = null;
  private _isDisposed = false;
  private _failures = 0;
  private _retry = 0;
}
