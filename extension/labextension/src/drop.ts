// Files that are dragged from JupyterLab's file browser onto a container or a volume are copied into it.

import { Drag } from '@lumino/dragdrop';
import { Widget } from '@lumino/widgets';
import { Actions } from './commands';
import { Kind } from './types';

const FILES = 'application/x-jupyter-icontents';
const OVER = 'dockyard-mod-over';
const TAKES = '.dockyard-row[data-kind="container"], .dockyard-row[data-kind="volume"]';

export function takeFiles(sidebar: Widget, actions: Actions): void {
  let over: HTMLElement | null = null;
  const mark = (row: HTMLElement | null) => {
    over?.classList.remove(OVER);
    over = row;
    over?.classList.add(OVER);
  };
  const take = (event: Event) => {
    const drag = event as Drag.Event;
    const row = drag.mimeData.hasData(FILES) ? (event.target as HTMLElement).closest<HTMLElement>(TAKES) : null;
    mark(event.type === 'lm-dragleave' || event.type === 'lm-drop' ? null : row);
    if (!row) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    drag.dropAction = drag.proposedAction; // the file browser offers to move alone; what is done is a copy
    if (event.type === 'lm-drop') {
      const target = { kind: row.dataset.kind as Kind, name: row.dataset.name! };
      void actions.copyIn(target, drag.mimeData.getData(FILES) as string[], '/');
    }
  };
  for (const type of ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop']) {
    sidebar.node.addEventListener(type, take, true);
  }
}
