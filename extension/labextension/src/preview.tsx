// The page that a container serves, as the server fetched it afresh: without scripts, in a frame that may do nothing.

import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Server } from './request';
import { IPage } from './types';

export class Preview extends ReactWidget {
  constructor(
    private _server: Server,
    private _trans: TranslationBundle,
    private _container: string
  ) {
    super();
    this.addClass('dockyard-preview');
    this.title.label = _trans.__('Page of %1', _container);
  }

  protected onAfterAttach(): void {
    void this.load('/');
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const submit = (event: React.FormEvent<HTMLFormElement>) => {
      event.preventDefault();
      void this.load(new FormData(event.currentTarget).get('path') as string);
    };
    return (
      <>
        <form onSubmit={submit}>
          <button className="jp-ToolbarButtonComponent" title={trans.__('Fetch it again')}>
            <refreshIcon.react tag="span" />
          </button>
          <input name="path" defaultValue="/" aria-label={trans.__('Path')} spellCheck={false} />
          <span role="status">{this._page ? `${this._page.status} · ${this._page.route}` : ''}</span>
        </form>
        {this._problem ? <p className="dockyard-warning">{this._problem}</p> : null}
        {this._page ? <iframe sandbox="" title={this.title.label} srcDoc={this._page.html} /> : null}
      </>
    );
  }

  private async load(path: string): Promise<void> {
    try {
      this._page = await this._server.get<IPage>(`pages/${encodeURIComponent(this._container)}`, { path });
      this._problem = '';
    } catch (error) {
      this._problem = (error as Error).message;
    }
    this.update();
  }

  private _page: IPage | null = null;
  private _problem = '';
}
