// The item of the status bar: which engine, how many containers run, and on demand how full its disk is.

import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { CommandIDs } from './commands';
import { dockyardIcon } from './icons';
import { DockyardModel } from './model';

export class StatusItem extends ReactWidget {
  constructor(
    private _model: DockyardModel,
    private _commands: CommandRegistry,
    private _trans: TranslationBundle
  ) {
    super();
    this.addClass('dockyard-status');
  }

  protected render(): JSX.Element {
    return <UseSignal signal={this._model.changed}>{() => this.item()}</UseSignal>;
  }

  private item(): JSX.Element {
    const { engine, disk, running } = this._model;
    const trans = this._trans;
    const words = engine
      ? [engine.name, trans.__('%1 running', running), disk?.total].filter(Boolean).join(' · ')
      : trans.__('No Docker');
    const command = engine ? CommandIDs.disk : CommandIDs.lookAgain;
    return (
      <button title={this._commands.label(command)} onClick={() => this._commands.execute(command)}>
        <dockyardIcon.react tag="span" height="14px" width="14px" />
        <span>{words}</span>
        {engine?.warning ? <strong className="dockyard-warning">{engine.warning}</strong> : null}
      </button>
    );
  }
}
