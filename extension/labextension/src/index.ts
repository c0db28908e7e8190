// The plugins. What any of them needs of the user interface is optional, so that they load in Notebook 7 too.

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import { Actions, addCommands, addToPalette, CommandIDs } from './commands';
import { addDocuments } from './documents';
import { giveFiles, takeFiles } from './drag';
import { DockyardModel } from './model';
import { Server } from './request';
import { SettingWords } from './settings';
import { Sidebar } from './sidebar';
import { StatusItem } from './statusbar';
import { loadWords } from './words';

const ID = '@dockyard/labextension';
const IDockyard = new Token<Actions>(`${ID}:IDockyard`, 'What Dockyard knows of the engine, and does there.');

const main: JupyterFrontEndPlugin<Actions> = {
  id: `${ID}:plugin`,
  description: 'Commands for containers, images, volumes and networks.',
  autoStart: true,
  provides: IDockyard,
  optional: [ITranslator, ISettingRegistry, INotebookTracker, IDefaultFileBrowser],
  activate: async (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    notebooks: INotebookTracker | null,
    files: IDefaultFileBrowser | null
  ) => {
    const words = new SettingWords(registry, main.id);
    const server = new Server(app.serviceManager.serverSettings);
    const trans = await loadWords(server, translator, registry);
    const settings = await words.use(trans);
    const cellForm = () => (settings?.get('cellForm').composite === 'python' ? 'python' : 'line');
    const model = new DockyardModel(server);
    const actions = new Actions({ app, model, trans, notebooks, files, cellForm });
    addCommands(actions);
    return actions;
  }
};

const sidebar: JupyterFrontEndPlugin<void> = {
  id: `${ID}:sidebar`,
  description: 'Containers, images, volumes, networks and registries in the sidebar.',
  autoStart: true,
  requires: [IDockyard],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    actions: Actions,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ) => {
    const { model, trans } = actions.parts;
    const widget = new Sidebar(model, app.commands, trans, translator ?? undefined);
    takeFiles(widget, actions);
    giveFiles(widget, actions);
    app.shell.add(widget, 'left', { rank: 300, type: 'Docker' });
    restorer?.add(widget, widget.id);
  }
};

const statusbar: JupyterFrontEndPlugin<void> = {
  id: `${ID}:statusbar`,
  description: 'The engine in the status bar.',
  autoStart: true,
  requires: [IDockyard],
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, actions: Actions, bar: IStatusBar | null) => {
    const item = new StatusItem(actions.parts.model, app.commands, actions.parts.trans);
    bar?.registerStatusItem(statusbar.id, { item, align: 'left', rank: 50 });
  }
};

const palette: JupyterFrontEndPlugin<void> = {
  id: `${ID}:palette`,
  description: 'Every task in the command palette.',
  autoStart: true,
  requires: [IDockyard],
  optional: [ICommandPalette],
  activate: (_: JupyterFrontEnd, actions: Actions, found: ICommandPalette | null) => {
    if (found) {
      addToPalette(found, actions.parts.trans);
    }
  }
};

const launcher: JupyterFrontEndPlugin<void> = {
  id: `${ID}:launcher`,
  description: 'Lessons, a new Dockerfile and a shell in the launcher.',
  autoStart: true,
  requires: [IDockyard],
  optional: [ILauncher],
  activate: (_: JupyterFrontEnd, __: Actions, found: ILauncher | null) => {
    const cards = [
      { command: CommandIDs.openMap },
      { command: CommandIDs.newDockerfile },
      { command: CommandIDs.shell, args: { isLauncher: true } }
    ];
    cards.forEach((card, rank) => found?.add({ ...card, category: 'Docker', rank }));
  }
};

const documents: JupyterFrontEndPlugin<void> = {
  id: `${ID}:documents`,
  description: 'Dockerfiles and Compose files, with a button that builds, or brings up.',
  autoStart: true,
  requires: [IDockyard],
  activate: addDocuments
};

export default [main, sidebar, statusbar, palette, launcher, documents];
