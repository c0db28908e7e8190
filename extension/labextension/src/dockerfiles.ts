// Dockerfiles: a file type of their own, highlighted whatever their whole name is, with a button that builds.

import { JupyterFrontEnd } from '@jupyterlab/application';
import { DocumentRegistry, IDocumentWidget } from '@jupyterlab/docregistry';
import { FileEditor } from '@jupyterlab/fileeditor';
import { runIcon, ToolbarButton } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { CommandIDs } from './commands';
import { dockyardIcon } from './icons';

// Dockerfile, Dockerfile.dev, web.Dockerfile, Containerfile
const PATTERN = '^(.*\\.)?([Dd]ockerfile|[Cc]ontainerfile)(\\..*)?$';
const MIME = 'text/x-dockerfile';

export function addDockerfiles(app: JupyterFrontEnd): void {
  app.docRegistry.addFileType({
    name: 'dockerfile',
    displayName: 'Dockerfile',
    pattern: PATTERN,
    mimeTypes: [MIME],
    contentType: 'file',
    fileFormat: 'text',
    icon: dockyardIcon
  });
  app.docRegistry.addWidgetExtension('Editor', new BuildButton(app.commands));
}

class BuildButton implements DocumentRegistry.WidgetExtension {
  constructor(private _commands: CommandRegistry) {}

  createNew(panel: IDocumentWidget<FileEditor>, context: DocumentRegistry.Context): void {
    const name = context.path.split('/').at(-1) ?? '';
    if (!new RegExp(PATTERN).test(name)) {
      return;
    }
    void context.ready.then(() => {
      panel.content.model.mimeType = MIME;
    });
    const build = async () => {
      await context.save();
      await this._commands.execute(CommandIDs.build, { path: context.path });
    };
    const label = this._commands.label(CommandIDs.build);
    const tooltip = this._commands.caption(CommandIDs.build);
    panel.toolbar.addItem('dockyard-build', new ToolbarButton({ icon: runIcon, label, tooltip, onClick: build }));
  }
}
