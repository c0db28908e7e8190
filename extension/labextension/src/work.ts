// From a wish to its end: the plan is made, shown where something goes, done, and told about, with the way back.

import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { DockyardModel } from './model';
import { confirm } from './plan';
import { IPlan, IRun, IWish } from './types';

const QUIET_MS = 700; // what ends sooner shows no progress
const SHOWN_MS = 8000;

export class Worker {
  constructor(
    readonly model: DockyardModel,
    readonly trans: TranslationBundle
  ) {}

  // Returns how it ended; null where the reader did not want it, or it can't be done.
  async carryOut(wish: IWish, title: string): Promise<IRun | null> {
    const plan = await this.plan(wish);
    if (!plan || (plan.asks && !(await confirm(plan, title, this.trans)))) {
      return null;
    }
    return this.run(plan);
  }

  async plan(wish: IWish): Promise<IPlan | null> {
    try {
      return await this.model.plan(wish);
    } catch (error) {
      this.complain(error);
      return null;
    }
  }

  async run(plan: IPlan): Promise<IRun | null> {
    const toast = new Toast(this.model, this.trans, plan.command);
    try {
      const run = await this.model.run(plan);
      toast.end(run, run.outcome === 'done' && run.changes.some(change => change.action !== 'keep'), () =>
        this.undo(run)
      );
      return run;
    } catch (error) {
      toast.close();
      this.complain(error);
      return null;
    }
  }

  complain(error: unknown): void {
    Notification.error((error as Error).message, { autoClose: false });
  }

  private async undo(run: IRun): Promise<void> {
    try {
      await this.model.undo(run);
      Notification.success(this.trans.__('Taken back: %1', run.command), { autoClose: SHOWN_MS });
    } catch (error) {
      this.complain(error);
    }
  }
}

// One run in the corner of the page.
class Toast {
  constructor(
    private _model: DockyardModel,
    private _trans: TranslationBundle,
    private _command: string
  ) {
    this._waiting = window.setTimeout(() => this.open(), QUIET_MS);
    _model.ran.connect(this.note, this);
  }

  end(run: IRun, canUndo: boolean, undo: () => void): void {
    this.close();
    if (run.outcome === 'done') {
      const actions = canUndo ? [{ label: this._trans.__('Undo'), callback: undo }] : [];
      const words = [run.command, ...run.warnings].join('\n');
      Notification.emit(words, run.warnings.length ? 'warning' : 'success', { actions, autoClose: SHOWN_MS });
    } else if (run.outcome === 'failed') {
      Notification.error(run.says, { autoClose: false });
    } else {
      Notification.info(run.says, { autoClose: SHOWN_MS });
    }
  }

  close(): void {
    clearTimeout(this._waiting);
    this._model.ran.disconnect(this.note, this);
    if (this._id) {
      Notification.dismiss(this._id);
    }
  }

  private open(): void {
    const callback = () => {
      if (this._run) {
        void this._model.cancel(this._run);
      }
    };
    this._id = Notification.emit(this.says, 'in-progress', {
      autoClose: false,
      actions: [{ label: this._trans.__('Cancel'), callback, displayType: 'warn' }]
    });
  }

  private note(_: DockyardModel, run: IRun): void {
    if (run.command !== this._command || run.outcome !== 'running') {
      return;
    }
    this._run = run;
    if (this._id) {
      Notification.update({ id: this._id, message: this.says, type: 'in-progress', autoClose: false });
    }
  }

  private get says(): string {
    return [this._command, this._run?.progress?.text].filter(Boolean).join('\n');
  }

  private _waiting: number;
  private _id = '';
  private _run: IRun | null = null;
}
