// The way to the server's routes, with Jupyter's own login and XSRF token.

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

// The server said no: `message` is a sentence for the reader, in their language.
export class Refusal extends Error {
  constructor(
    message: string,
    readonly kind: string,
    readonly status: number
  ) {
    super(message);
  }
}

export class Server {
  language = '';

  constructor(readonly settings: ServerConnection.ISettings) {}

  get<T>(path: string, query: Record<string, string> = {}): Promise<T> {
    return this.ask('GET', path, query);
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.ask('POST', path, {}, body);
  }

  delete<T>(path: string): Promise<T> {
    return this.ask('DELETE', path, {});
  }

  socket(path: string, query: Record<string, string> = {}): WebSocket {
    const { wsUrl, token, appendToken, WebSocket } = this.settings;
    const asked = { ...query, language: this.language, ...(appendToken && token ? { token } : {}) };
    const socket = new WebSocket(address(wsUrl, path, asked));
    socket.binaryType = 'arraybuffer';
    return socket;
  }

  private async ask<T>(method: string, path: string, query: Record<string, string>, body?: object): Promise<T> {
    const url = address(this.settings.baseUrl, path, { ...query, language: this.language });
    const init = { method, body: body && JSON.stringify(body) };
    const response = await ServerConnection.makeRequest(url, init, this.settings);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      throw new Refusal(answer.message ?? response.statusText, answer.kind ?? '', response.status);
    }
    return answer;
  }
}

function address(base: string, path: string, query: Record<string, string>): string {
  return URLExt.join(base, 'dockyard', 'api', path) + URLExt.objectToQueryString(query);
}
