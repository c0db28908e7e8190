// The sidebar: which engine it is, what is wrong if something is, a filter, and a list for each kind of thing.

import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { addIcon, closeIcon, FilterBox, refreshIcon, SidePanel, ToolbarButton } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { AccordionPanel } from '@lumino/widgets';
import * as React from 'react';
import { CommandIDs } from './commands';
import { dockyardIcon } from './icons';
import { ThingList } from './list';
import { DockyardModel } from './model';
import { IRow, Kind } from './types';

const LISTS_OPEN = 3; // containers, images and volumes; the others are opened by whoever wants them

export class Sidebar extends SidePanel {
  constructor(model: DockyardModel, commands: CommandRegistry, trans: TranslationBundle, translator?: ITranslator) {
    super({ translator });
    this.id = 'dockyard-sidebar';
    this.addClass('dockyard-sidebar');
    this.title.icon = dockyardIcon;
    this.title.caption = trans.__('Docker');
    this.node.setAttribute('aria-label', trans.__('Docker'));
    this.header.addWidget(new Head(model, commands, trans));
    const button = (id: string, icon: typeof addIcon) =>
      new ToolbarButton({ icon, tooltip: commands.label(id), onClick: () => void commands.execute(id) });
    this.toolbar.addItem('refresh', button(CommandIDs.refresh, refreshIcon));
    this.toolbar.addItem('createVolume', button(CommandIDs.createVolume, addIcon));
    this.toolbar.addItem('prune', button(CommandIDs.prune, closeIcon));
    const shared = { model, commands, trans };
    const titles: [Kind, string, string][] = [
      ['container', trans.__('Containers'), trans.__('No containers.')],
      ['image', trans.__('Images'), trans.__('No images.')],
      ['volume', trans.__('Volumes'), trans.__('No volumes.')],
      ['network', trans.__('Networks'), trans.__('No networks.')],
      ['repository', trans.__('Registries'), trans.__('No registry is in sight. Docker Hub tells no list.')]
    ];
    for (const [kind, title, empty] of titles) {
      const onShown = kind === 'repository' ? () => void model.refreshRegistries() : undefined;
      const list = new ThingList({ ...shared, kind, title, empty, icon: dockyardIcon, buttons: BUTTONS[kind], onShown });
      this.addWidget(list);
    }
    const content = this.content as AccordionPanel;
    content.widgets.forEach((_, place) => (place < LISTS_OPEN ? content.expand(place) : content.collapse(place)));
    // A list that was closed before it was first shown has no height of its own.
    content.expansionToggled.connect(() => {
      content.setRelativeSizes(content.widgets.map(list => (list.isHidden ? 0 : 1)));
    });
    // What the head says makes it higher or lower; the lists hear of windows and sashes alone.
    this._observer = new ResizeObserver(() => content.update());
    this._observer.observe(content.node);
  }

  dispose(): void {
    this._observer.disconnect();
    super.dispose();
  }

  private _observer: ResizeObserver;
}

// What a row offers on itself.
const BUTTONS: Record<Kind, (row: IRow) => string[]> = {
  container: row =>
    row.state === 'running'
      ? [CommandIDs.shell, CommandIDs.logs, CommandIDs.stop]
      : [row.state === 'paused' ? CommandIDs.unpause : CommandIDs.start, CommandIDs.logs, CommandIDs.remove],
  image: () => [CommandIDs.runImage, CommandIDs.remove],
  volume: () => [CommandIDs.copyIn, CommandIDs.copyOut, CommandIDs.remove],
  network: () => [],
  repository: row => (row.state === 'silent' ? [] : [CommandIDs.pull])
};

class Head extends ReactWidget {
  constructor(
    private _model: DockyardModel,
    private _commands: CommandRegistry,
    private _trans: TranslationBundle
  ) {
    super();
    this.addClass('dockyard-head');
  }

  protected render(): JSX.Element {
    return <UseSignal signal={this._model.changed}>{() => this.head()}</UseSignal>;
  }

  private head(): JSX.Element {
    const { engine, isServerAway } = this._model;
    const trans = this._trans;
    const problem = isServerAway ? trans.__('Jupyter’s server does not answer.') : this._model.problem;
    return (
      <>
        {engine ? (
          <p title={`${engine.address} (${engine.source})`}>
            {engine.name} {engine.version}
            {engine.warning ? <strong className="dockyard-warning"> {engine.warning}</strong> : null}
          </p>
        ) : null}
        {problem ? (
          <div role="alert" className="dockyard-problem">
            <p>{problem}</p>
            <button className="jp-mod-styled jp-mod-accept" onClick={() => this._commands.execute(CommandIDs.lookAgain)}>
              {trans.__('Look again')}
            </button>
          </div>
        ) : null}
        <FilterBox
          updateFilter={(_, text) => this._model.search(text ?? '')}
          placeholder={trans.__('Filter by name, image, state or port')}
          useFuzzyFilter={false}
          caseSensitive={false}
          disabled={false}
          initialQuery=""
        />
      </>
    );
  }
}

