// A docker line, put into the notebook as a cell.

import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';

const MAGICS = '%load_ext dockyard';

// `%docker LINE` needs Dockyard's magics; the first of such cells brings them.
export function asMagic(line: string, notebook: string): string {
  const bare = line.replace(/^docker\s+/, '');
  return `${notebook.includes(MAGICS) ? '' : `${MAGICS}\n`}%docker ${bare}`;
}

export function insertCell(notebooks: INotebookTracker, write: (notebook: string) => string): void {
  const content = notebooks.currentWidget?.content;
  if (!content?.model) {
    return;
  }
  const notebook = Array.from(content.model.cells, cell => cell.sharedModel.getSource()).join('\n');
  NotebookActions.insertBelow(content);
  content.activeCell?.model.sharedModel.setSource(write(notebook));
  content.activate();
}
