// What can be done: each command with its words and its action.

import { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, ICommandPalette, InputDialog, MainAreaWidget, Notification } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  closeIcon,
  consoleIcon,
  copyIcon,
  downloadIcon,
  fileUploadIcon,
  LabIcon,
  listIcon,
  launchIcon,
  offlineBoltIcon,
  refreshIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import { asMagic, insertCell } from './cells';
import { dockyardIcon } from './icons';
import { DockyardModel } from './model';
import { Preview } from './preview';
import { logs, shell } from './streams';
import { taskLines } from './tasks';
import { IPlan, IRow, Kind } from './types';
import { Worker } from './work';

export namespace CommandIDs {
  export const runLine = 'dockyard:run-line';
  export const insertLine = 'dockyard:insert-line';
  export const insertThing = 'dockyard:insert-thing';
  export const start = 'dockyard:start';
  export const stop = 'dockyard:stop';
  export const restart = 'dockyard:restart';
  export const pause = 'dockyard:pause';
  export const unpause = 'dockyard:unpause';
  export const remove = 'dockyard:remove';
  export const logs = 'dockyard:logs';
  export const shell = 'dockyard:shell';
  export const preview = 'dockyard:preview';
  export const copyIn = 'dockyard:copy-in';
  export const copyOut = 'dockyard:copy-out';
  export const copyName = 'dockyard:copy-name';
  export const runImage = 'dockyard:run-image';
  export const tag = 'dockyard:tag';
  export const push = 'dockyard:push';
  export const pull = 'dockyard:pull';
  export const createVolume = 'dockyard:create-volume';
  export const prune = 'dockyard:prune';
  export const refresh = 'dockyard:refresh';
  export const lookAgain = 'dockyard:look-again';
  export const disk = 'dockyard:disk';
  export const openMap = 'dockyard:open-map';
  export const newDockerfile = 'dockyard:new-dockerfile';
  export const build = 'dockyard:build';
  export const composeUp = 'dockyard:compose-up';
}

export interface IParts {
  app: JupyterFrontEnd;
  model: DockyardModel;
  trans: TranslationBundle;
  notebooks: INotebookTracker | null;
  files: IDefaultFileBrowser | null;
  // Whether a cell gets `%docker LINE` or Python.
  cellForm: () => 'line' | 'python';
}

export interface ITarget {
  kind: Kind;
  name: string;
}

const ROW = 'dockyard-row';
const DOCKERFILE = 'FROM httpd\nCOPY . /usr/local/apache2/htdocs/\n';
const ENDED = ['created', 'exited', 'dead'];

export class Actions {
  readonly worker: Worker;

  constructor(readonly parts: IParts) {
    this.worker = new Worker(parts.model, parts.trans);
  }

  // The thing that a command is about: of its arguments, the one that has the focus, or the one whose menu is open.
  target(args: ReadonlyPartialJSONObject): ITarget | null {
    if (args.name) {
      return { kind: args.kind as Kind, name: args.name as string };
    }
    const isRow = (node: HTMLElement) => node.classList.contains(ROW);
    const focused = document.activeElement?.closest<HTMLElement>(`.${ROW}`);
    const found = focused ?? this.parts.app.contextMenuHitTest(isRow);
    return found ? { kind: found.dataset.kind as Kind, name: found.dataset.name! } : null;
  }

  row(args: ReadonlyPartialJSONObject): IRow | undefined {
    const target = this.target(args);
    return target ? this.parts.model.row(target.kind, target.name) : undefined;
  }

  async act(args: ReadonlyPartialJSONObject, action: string, title: string, more: object = {}): Promise<void> {
    const target = this.target(args);
    if (target) {
      await this.worker.carryOut({ ...target, action, ...more }, title);
    }
  }

  show(content: Widget & { reload?: () => void }, icon: LabIcon): void {
    const panel = new MainAreaWidget({ content });
    panel.title.icon = icon;
    panel.title.closable = true;
    this.parts.app.shell.add(panel, 'main');
    this.parts.app.shell.activateById(panel.id);
  }

  async openShell(plan: IPlan): Promise<void> {
    this.show(shell(this.parts.model.server, this.parts.trans, plan), consoleIcon);
  }

  async openLogs(name: string): Promise<void> {
    this.show(logs(this.parts.model.server, this.parts.trans, name), listIcon);
  }

  // Plan a line that was typed, and do it: in a terminal, if that is what it wants.
  async runLine(line: string, title: string): Promise<void> {
    const plan = await this.worker.plan({ line });
    if (plan?.container) {
      await this.openShell(plan);
    } else if (plan) {
      await this.worker.carryOut({ line }, title);
    }
  }

  async askLine(title: string, begin: string): Promise<string> {
    const answer = await InputDialog.getText({ title, text: begin, selectionRange: 0 });
    const line = answer.value?.trim() ?? '';
    return answer.button.accept && line ? line : '';
  }

  async copyIn(target: ITarget, files: string[], path: string): Promise<void> {
    for (const file of files) {
      const title = this.parts.trans.__('Copy');
      await this.worker.carryOut({ ...target, action: 'copy-in', file, path }, title);
    }
  }

  // Ask what is to be copied; and into which folder of the file browser, where that is not known.
  async copyOut(target: ITarget, folder?: string): Promise<void> {
    const { trans, files } = this.parts;
    const path = await ask(trans.__('Which file or folder of %1?', target.name), '/');
    const here = files?.model.path || '.';
    const file = path && (folder ?? (await ask(trans.__('Into which folder, from the file browser?'), here)));
    if (file) {
      await this.worker.carryOut({ ...target, action: 'copy-out', path, file }, trans.__('Copy'));
    }
  }
}

export function addCommands(actions: Actions): void {
  const { app, model, trans, notebooks, files, cellForm } = actions.parts;
  const { commands } = app;
  const state = (args: ReadonlyPartialJSONObject) => actions.row(args)?.state ?? '';

  // An action of the server's with one thing, where its state lets it.
  const act = (id: string, action: string, label: string, icon: LabIcon, fits: (row: IRow) => boolean) => {
    commands.addCommand(id, {
      label,
      icon,
      isEnabled: args => {
        const row = actions.row(args);
        return !!row && fits(row);
      },
      execute: args => actions.act(args, action, label)
    });
  };
  act(CommandIDs.start, 'start', trans.__('Start'), runIcon, row => ENDED.includes(row.state));
  act(CommandIDs.stop, 'stop', trans.__('Stop'), stopIcon, row => !ENDED.includes(row.state));
  act(CommandIDs.restart, 'restart', trans.__('Restart'), refreshIcon, row => row.state === 'running');
  act(CommandIDs.pause, 'pause', trans.__('Pause'), stopIcon, row => row.state === 'running');
  act(CommandIDs.unpause, 'unpause', trans.__('Go on'), runIcon, row => row.state === 'paused');
  act(CommandIDs.remove, 'remove', trans.__('Remove'), closeIcon, () => true);
  act(CommandIDs.push, 'push', trans.__('Push'), fileUploadIcon, row => row.state === 'named');
  act(CommandIDs.pull, 'pull', trans.__('Pull'), downloadIcon, row => row.state === 'repository');

  commands.addCommand(CommandIDs.logs, {
    label: trans.__('Show its output'),
    icon: listIcon,
    isEnabled: args => actions.target(args)?.kind === 'container',
    execute: args => actions.openLogs(actions.target(args)!.name)
  });
  commands.addCommand(CommandIDs.shell, {
    label: args => (args.isLauncher ? trans.__('Shell in a container') : trans.__('Open a shell')),
    icon: consoleIcon,
    isEnabled: args => !!args.isLauncher || state(args) === 'running',
    execute: async args => {
      const name = args.isLauncher ? await chooseContainer(actions) : actions.target(args)?.name;
      const plan = name ? await actions.worker.plan({ kind: 'container', action: 'shell', name }) : null;
      if (plan) {
        await actions.openShell(plan);
      }
    }
  });
  commands.addCommand(CommandIDs.preview, {
    label: trans.__('Show its page'),
    icon: launchIcon,
    isEnabled: args => !!actions.row(args)?.ports.length,
    execute: args => actions.show(new Preview(model.server, trans, actions.target(args)!.name), launchIcon)
  });
  commands.addCommand(CommandIDs.copyName, {
    label: trans.__('Copy its name'),
    icon: copyIcon,
    isEnabled: args => !!actions.target(args),
    execute: args => Clipboard.copyToSystem(actions.target(args)!.name)
  });
  commands.addCommand(CommandIDs.copyIn, {
    label: trans.__('Copy a file into it…'),
    icon: fileUploadIcon,
    isEnabled: args => !!actions.target(args),
    execute: async args => {
      const target = actions.target(args)!;
      const selected = files ? Array.from(files.selectedItems(), item => item.path) : [];
      const file = await ask(trans.__('Which file or folder, from the file browser?'), selected[0] ?? '');
      const path = file && (await ask(trans.__('Into which folder of %1?', target.name), '/'));
      if (path) {
        await actions.copyIn(target, [file], path);
      }
    }
  });
  commands.addCommand(CommandIDs.copyOut, {
    label: trans.__('Copy a file out of it…'),
    icon: downloadIcon,
    isEnabled: args => !!actions.target(args),
    execute: args => actions.copyOut(actions.target(args)!)
  });
  commands.addCommand(CommandIDs.runImage, {
    label: trans.__('Run…'),
    icon: runIcon,
    isEnabled: args => actions.target(args)?.kind === 'image',
    execute: async args => {
      const title = trans.__('Run a container');
      const line = await actions.askLine(title, `docker run -d ${actions.target(args)!.name}`);
      if (line) {
        await actions.runLine(line, title);
      }
    }
  });
  commands.addCommand(CommandIDs.tag, {
    label: trans.__('Give it another name…'),
    icon: addIcon,
    isEnabled: args => state(args) === 'named',
    execute: async args => {
      const target = actions.target(args)!;
      const text = await ask(trans.__('Another name for %1', target.name), target.name);
      if (text) {
        await actions.act({ ...target }, 'tag', trans.__('Give it another name…'), { text });
      }
    }
  });
  commands.addCommand(CommandIDs.createVolume, {
    label: trans.__('Create a volume'),
    icon: addIcon,
    execute: async () => {
      const name = await ask(trans.__('The name of the volume'), '');
      if (name) {
        const wish = { kind: 'volume', action: 'create', name };
        await actions.worker.carryOut(wish, trans.__('Create a volume'));
      }
    }
  });
  commands.addCommand(CommandIDs.prune, {
    label: trans.__('Remove what is not in use'),
    icon: closeIcon,
    execute: () => actions.runLine('docker system prune', trans.__('Remove what is not in use'))
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh the lists'),
    icon: refreshIcon,
    execute: () => model.refresh()
  });
  commands.addCommand(CommandIDs.lookAgain, {
    label: trans.__('Look for an engine again'),
    icon: offlineBoltIcon,
    execute: () => model.lookAgain()
  });
  commands.addCommand(CommandIDs.disk, {
    label: trans.__('How full is the engine’s disk?'),
    execute: async () => {
      await model.askDisk();
      const parts = model.disk?.parts.map(part => `${part.name}: ${part.size}`) ?? [];
      Notification.info(model.problem || [model.disk?.total, ...parts].join('\n'), { autoClose: 8000 });
    }
  });

  // ------------------------------------------------------------ lines

  commands.addCommand(CommandIDs.runLine, {
    label: args => (args.title ? `${args.title}…` : trans.__('Do what a docker line says…')),
    execute: async args => {
      const title = (args.title as string) ?? trans.__('Do what a docker line says…');
      const line = await actions.askLine(title, (args.line as string) ?? 'docker ');
      if (line) {
        await actions.runLine(line, trans.__('Run'));
      }
    }
  });
  commands.addCommand(CommandIDs.insertLine, {
    label: args => trans.__('%1, as a cell…', (args.title as string) ?? 'docker'),
    isEnabled: () => !!notebooks?.currentWidget,
    execute: async args => {
      const title = trans.__('%1, as a cell…', (args.title as string) ?? 'docker');
      const line = await actions.askLine(title, (args.line as string) ?? 'docker ');
      if (line) {
        await insert(actions, { line });
      }
    }
  });
  commands.addCommand(CommandIDs.insertThing, {
    label: args => trans.__('%1, as a cell', commands.label(`dockyard:${args.action}`)),
    isEnabled: args => !!notebooks?.currentWidget && commands.isEnabled(`dockyard:${args.action}`),
    execute: args => insert(actions, { ...actions.target(args)!, action: args.action as string })
  });
  async function insert(actions: Actions, wish: object): Promise<void> {
    const line = (wish as { line?: string }).line;
    if (line && cellForm() === 'line') {
      insertCell(notebooks!, notebook => asMagic(line, notebook));
      return; // a line that only looks has no plan, and needs none
    }
    const plan = await actions.worker.plan(wish);
    if (plan) {
      insertCell(notebooks!, notebook => (cellForm() === 'line' ? asMagic(plan.command, notebook) : plan.code));
    }
  }

  // ------------------------------------------------------------ files

  commands.addCommand(CommandIDs.openMap, {
    label: trans.__('Map of lessons'),
    caption: trans.__('Learn Docker step by step'),
    icon: dockyardIcon,
    execute: async () => {
      try {
        const { path } = await model.server.post<{ path: string }>('lessons');
        await commands.execute('docmanager:open', { path });
      } catch (error) {
        actions.worker.complain(error);
      }
    }
  });
  commands.addCommand(CommandIDs.newDockerfile, {
    label: trans.__('New Dockerfile'),
    caption: trans.__('Create a Dockerfile in the folder of the file browser'),
    icon: dockyardIcon,
    execute: async args => {
      const { contents } = app.serviceManager;
      const folder = (args.cwd as string) ?? files?.model.path ?? '';
      const path = folder ? `${folder}/Dockerfile` : 'Dockerfile';
      const isThere = await contents.get(path, { content: false }).then(
        () => true,
        () => false
      );
      if (!isThere) {
        await contents.save(path, { type: 'file', format: 'text', content: DOCKERFILE });
      }
      await commands.execute('docmanager:open', { path });
    }
  });
  commands.addCommand(CommandIDs.build, {
    label: trans.__('Build'),
    caption: trans.__('Build an image by this Dockerfile'),
    icon: runIcon,
    execute: async args => {
      const file = args.path as string;
      const folder = file.split('/').at(-2) ?? '';
      const text = await ask(trans.__('The name of the image'), folder.toLowerCase() || 'image');
      if (text) {
        const wish = { kind: 'dockerfile', action: 'build', file, text };
        await actions.worker.carryOut(wish, trans.__('Build'));
      }
    }
  });
  commands.addCommand(CommandIDs.composeUp, {
    label: trans.__('Bring up'),
    caption: trans.__('Make and start what this Compose file asks for'),
    icon: runIcon,
    execute: async args => {
      const wish = { kind: 'compose', action: 'up', file: args.path as string };
      await actions.worker.carryOut(wish, trans.__('Bring up'));
    }
  });
}

export function addToPalette(palette: ICommandPalette, trans: TranslationBundle): void {
  const category = 'Docker';
  for (const args of taskLines(trans)) {
    palette.addItem({ command: CommandIDs.runLine, category, args: { ...args } });
    palette.addItem({ command: CommandIDs.insertLine, category, args: { ...args } });
  }
  for (const command of [
    CommandIDs.runLine,
    CommandIDs.openMap,
    CommandIDs.newDockerfile,
    CommandIDs.refresh,
    CommandIDs.lookAgain,
    CommandIDs.disk
  ]) {
    palette.addItem({ command, category });
  }
}

async function ask(title: string, text: string): Promise<string> {
  const answer = await InputDialog.getText({ title, text });
  return answer.button.accept ? (answer.value ?? '').trim() : '';
}

async function chooseContainer(actions: Actions): Promise<string> {
  const { model, trans } = actions.parts;
  await model.refresh(['container']);
  const items = (model.rows.get('container') ?? []).filter(row => row.state === 'running').map(row => row.name);
  if (!items.length) {
    Notification.info(model.problem || trans.__('No container is running.'));
    return '';
  }
  const answer = await InputDialog.getItem({ title: trans.__('A shell in which container?'), items });
  return answer.button.accept ? (answer.value ?? '') : '';
}
