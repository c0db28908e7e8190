// One list of the sidebar: things of one kind, with their states, to be walked by keyboard.

import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { DockyardModel } from './model';
import { IRow, Kind } from './types';

// How a state looks: signs differ by their shape, not by colour alone.
const SIGNS: Record<string, string> = {
  running: '●',
  paused: '◐',
  restarting: '◌',
  removing: '◌',
  dead: '✖',
  silent: '✖',
  used: '●'
};

export interface IListOptions {
  kind: Kind;
  title: string;
  empty: string;
  icon: LabIcon;
  model: DockyardModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  // The commands that a row offers on itself; all others are in its context menu.
  buttons: (row: IRow) => string[];
  // Called when the list is first looked at.
  onShown?: () => void;
}

export class ThingList extends ReactWidget {
  constructor(private _options: IListOptions) {
    super();
    this.addClass('dockyard-list');
    this.title.label = _options.title;
    this.title.caption = _options.title;
  }

  protected onAfterShow(): void {
    this._options.onShown?.();
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._options.model.changed}>
        {() => <Rows {...this._options} rows={this._options.model.shown(this._options.kind)} />}
      </UseSignal>
    );
  }
}

function Rows(props: IListOptions & { rows: IRow[] }): JSX.Element {
  const { rows, kind, model, title } = props;
  const [current, setCurrent] = React.useState('');
  const list = React.useRef<HTMLUListElement>(null);
  if (!rows.length) {
    const unknown = !model.rows.has(kind);
    return <p className="dockyard-empty">{unknown ? '' : props.empty}</p>;
  }
  const reachable = rows.some(row => row.name === current) ? current : rows[0].name;
  const walk = (event: React.KeyboardEvent) => {
    const elements = Array.from(list.current!.children) as HTMLElement[];
    const place = elements.indexOf(event.target as HTMLElement);
    const target = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: elements.length - 1 }[event.key];
    if (place < 0) {
      return;
    }
    if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      event.preventDefault();
      openMenu(elements[place]);
    } else if (target !== undefined && elements[target]) {
      event.preventDefault();
      elements[target].focus();
    }
  };
  return (
    <ul role="listbox" aria-label={title} className="dockyard-rows" ref={list} onKeyDown={walk}>
      {rows.map(row => (
        <Row
          {...props}
          key={`${row.id} ${row.name}`}
          row={row}
          isCurrent={row.name === reachable}
          onFocus={() => setCurrent(row.name)}
        />
      ))}
    </ul>
  );
}

function Row(props: IListOptions & { row: IRow; isCurrent: boolean; onFocus: () => void }): JSX.Element {
  const { row, kind, commands } = props;
  const below = [row.detail, row.status || row.shown_state, row.ports.map(port => `:${port}`).join(' ')];
  const words = [row.name, row.shown_state, row.detail, row.status].filter(Boolean).join(', ');
  return (
    <li
      role="option"
      aria-selected={props.isCurrent}
      aria-label={words}
      title={words}
      className="dockyard-row"
      data-kind={kind}
      data-name={row.name}
      data-state={row.state}
      tabIndex={props.isCurrent ? 0 : -1}
      onFocus={props.onFocus}
    >
      <span className="dockyard-sign" data-state={row.state} aria-hidden>
        {SIGNS[row.state] ?? '○'}
      </span>
      <span className="dockyard-text">
        <span className="dockyard-name">{row.name}</span>
        <span className="dockyard-detail">{below.filter(Boolean).join(' · ')}</span>
      </span>
      <span className="dockyard-buttons" aria-hidden>
        {props.buttons(row).map(id => (
          <button
            key={id}
            tabIndex={-1}
            data-command={id}
            title={commands.label(id)}
            onClick={() => commands.execute(id, { kind, name: row.name })}
          >
            {React.createElement((commands.icon(id) as LabIcon).react, { tag: 'span' })}
          </button>
        ))}
      </span>
    </li>
  );
}

// As a click with the other button would.
function openMenu(element: HTMLElement): void {
  const { left, bottom } = element.getBoundingClientRect();
  const place = { clientX: left + 24, clientY: bottom - 8, bubbles: true, cancelable: true };
  element.dispatchEvent(new MouseEvent('contextmenu', place));
}
