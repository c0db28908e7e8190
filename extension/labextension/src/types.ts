// What the server's routes answer: see extension/dockyard/server.

export type Kind = 'container' | 'image' | 'volume' | 'network' | 'repository';

export interface IRow {
  id: string;
  name: string;
  state: string;
  shown_state: string;
  detail: string;
  status: string;
  ports: number[];
}

export interface IEngine {
  name: string;
  version: string;
  label: string;
  address: string;
  source: string;
  is_embedded: boolean;
  warning: string;
}

export interface IDisk {
  total: string;
  parts: { name: string; size: string }[];
}

export interface IChange {
  action: 'create' | 'change' | 'remove' | 'keep';
  word: string;
  kind: string;
  name: string;
  size: string;
  reason: string;
}

export interface IPlan {
  id: string;
  command: string;
  code: string;
  changes: IChange[];
  more: number;
  warnings: string[];
  asks: boolean;
  container: string | null;
}

export interface IRun {
  id: string;
  command: string;
  outcome: 'running' | 'done' | 'failed' | 'cancelled';
  says: string;
  progress: { text: string; done: number; total: number | null } | null;
  changes: IChange[];
  warnings: string[];
}

export interface IPage {
  url: string;
  route: string;
  status: number;
  html: string;
}

// What a plan is asked for: a docker line, or an action with a thing.
export interface IWish {
  line?: string;
  kind?: string;
  action?: string;
  name?: string;
  file?: string;
  path?: string;
  text?: string;
}
