// Files that something is made by, with a button that makes it: Dockerfiles, a file type of their own, highlighted whatever their whole name is, and
// Compose files, which JupyterLab knows as YAML.

import { JupyterFrontEnd } from '@jupyterlab/application';
import { DocumentRegistry, IDocumentWidget } from '@jupyterlab/docregistry';
import { FileEditor } from '@jupyterlab/fileeditor';
import { runIcon, ToolbarButton } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { CommandIDs } from './commands';
import { dockyardIcon } from './icons';

// Dockerfile, Dockerfile.dev, web.Dockerfile, Containerfile
const DOCKERFILE = '^(.*\\.)?([Dd]ockerfile|[Cc]ontainerfile)(\\..*)?$';
const DOCKERFILE_MIME = 'text/x-dockerfile';
// compose.yaml, docker-compose.yml, compose.test.yaml
const COMPOSE = /^(docker-)?compose(\..*)?\.ya?ml$/;

export function addDocuments(app: JupyterFrontEnd): void {
  app.docRegistry.addFileType({
    name: 'dockerfile',
    displayName: 'Dockerfile',
    pattern: DOCKERFILE,
    mimeTypes: [DOCKERFILE_MIME],
    contentType: 'file',
    fileFormat: 'text',
    icon: dockyardIcon
  });
  const build = new MakeButton(app.commands, CommandIDs.build, new RegExp(DOCKERFILE), DOCKERFILE_MIME);
  const up = new MakeButton(app.commands, CommandIDs.composeUp, COMPOSE);
  app.docRegistry.addWidgetExtension('Editor', build);
  app.docRegistry.addWidgetExtension('Editor', up);
}

class MakeButton implements DocumentRegistry.WidgetExtension {
  // `mime` is what such a file is, where its name does not tell JupyterLab.
  constructor(
    private _commands: CommandRegistry,
    private _command: string,
    private _names: RegExp,
    private _mime = ''
  ) {}

  createNew(panel: IDocumentWidget<FileEditor>, context: DocumentRegistry.Context): void {
    const name = context.path.split('/').at(-1) ?? '';
    if (!this._names.test(name)) {
      return;
    }
    void context.ready.then(() => {
      if (this._mime) {
        panel.content.model.mimeType = this._mime;
      }
    });
    const make = async () => {
      await context.save();
      await this._commands.execute(this._command, { path: context.path });
    };
    const label = this._commands.label(this._command);
    const tooltip = this._commands.caption(this._command);
    panel.toolbar.addItem('dockyard-make', new ToolbarButton({ icon: runIcon, label, tooltip, onClick: make }));
  }
}
