// Files dragged between JupyterLab's file browser and a container or a volume are copied there.

import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import { Widget } from '@lumino/widgets';
import { Actions, ITarget } from './commands';
import { Kind } from './types';

const FILES = 'application/x-jupyter-icontents';
const THING = 'application/x-dockyard-thing';
const OVER = 'dockyard-mod-over';
const HOLDS_FILES = '.dockyard-row[data-kind="container"], .dockyard-row[data-kind="volume"]';
const FOLDER = '.jp-DirListing-item[data-isdir="true"]';
const FAR_PX = 5; // a hand is not quite still when it clicks

// From the file browser onto a row.
export function takeFiles(sidebar: Widget, actions: Actions): void {
  onDrop(sidebar, FILES, HOLDS_FILES, (row, files: string[]) => actions.copyIn(targetOf(row), files, '/'));
}

// From a row into the folder that the file browser shows, or onto a folder in it; which file it is, is asked then.
export function giveFiles(sidebar: Widget, actions: Actions): void {
  const { files } = actions.parts;
  if (!files) {
    return;
  }
  sidebar.node.addEventListener('pointerdown', down => {
    const pressed = down.target as HTMLElement;
    const row = pressed.closest('button') ? null : pressed.closest<HTMLElement>(HOLDS_FILES);
    if (row && down.button === 0) {
      whenMoved(down, move => startDrag(row, move));
    }
  });
  onDrop(files, THING, `${FOLDER}, .jp-DirListing-content`, (over, target: ITarget) => {
    const name = over.matches(FOLDER) ? over.querySelector('.jp-DirListing-itemText')!.textContent! : '';
    const folder = [files.model.path, name].filter(Boolean).join('/') || '.';
    return actions.copyOut(target, folder);
  });
}

function targetOf(row: HTMLElement): ITarget {
  return { kind: row.dataset.kind as Kind, name: row.dataset.name! };
}

function startDrag(row: HTMLElement, move: PointerEvent): void {
  const mimeData = new MimeData();
  mimeData.setData(THING, targetOf(row));
  const dragImage = document.createElement('div');
  dragImage.className = 'dockyard-drag';
  dragImage.textContent = row.dataset.name!;
  const drag = new Drag({ mimeData, dragImage, supportedActions: 'copy', proposedAction: 'copy', source: row });
  void drag.start(move.clientX, move.clientY);
}

// Once, when the pointer that went down has been moved away before it goes up.
function whenMoved(down: PointerEvent, start: (move: PointerEvent) => void): void {
  const ended = new AbortController();
  const options = { capture: true, signal: ended.signal };
  const watch = (move: PointerEvent) => {
    if (Math.hypot(move.clientX - down.clientX, move.clientY - down.clientY) >= FAR_PX) {
      ended.abort();
      start(move);
    }
  };
  document.addEventListener('pointermove', watch, options);
  document.addEventListener('pointerup', () => ended.abort(), options);
  document.addEventListener('pointercancel', () => ended.abort(), options);
}

// What is dragged over one of the places is marked there; what is dropped is taken with the place.
function onDrop<T>(widget: Widget, type: string, places: string, take: (place: HTMLElement, data: T) => Promise<void>) {
  let over: HTMLElement | null = null;
  const mark = (place: HTMLElement | null) => {
    over?.classList.remove(OVER);
    over = place;
    over?.classList.add(OVER);
  };
  const handle = (event: Event) => {
    const drag = event as Drag.Event;
    const place = drag.mimeData.hasData(type) ? (event.target as HTMLElement).closest<HTMLElement>(places) : null;
    mark(event.type === 'lm-dragleave' || event.type === 'lm-drop' ? null : place);
    if (!place) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    drag.dropAction = drag.proposedAction; // the file browser offers to move alone; what is done is a copy
    if (event.type === 'lm-drop') {
      void take(place, drag.mimeData.getData(type) as T);
    }
  };
  for (const each of ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop']) {
    widget.node.addEventListener(each, handle, true);
  }
}
