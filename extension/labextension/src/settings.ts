// The settings' own titles in the reader's language: they stand in the schema in English, and JupyterLab translates them by language packs alone.

import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { nullTranslator, TranslationBundle } from '@jupyterlab/translation';

const SAID = ['title', 'description', 'jupyter.lab.setting-icon-label'] as const;

export class SettingWords {
  constructor(
    private _registry: ISettingRegistry | null,
    private _id: string
  ) {
    // At once: JupyterLab holds back whatever hangs on these settings, such as menus, until it can ask.
    _registry?.transform(_id, { fetch: plugin => ({ ...plugin, schema: this._translated(plugin.schema) }) });
  }

  async use(trans: TranslationBundle): Promise<ISettingRegistry.ISettings | null> {
    this._trans = trans;
    return this._registry?.load(this._id, true).catch(() => null) ?? null;
  }

  private _translated(schema: ISettingRegistry.ISchema): ISettingRegistry.ISchema {
    const properties = Object.entries(schema.properties ?? {});
    const own = Object.fromEntries(properties.map(([name, property]) => [name, this._said(property)]));
    return { ...this._said(schema), properties: own };
  }

  private _said<T extends ISettingRegistry.IProperty>(part: T): T {
    const texts = SAID.filter(key => typeof part[key] === 'string').map(key => [key, this._trans.gettext(part[key] as string)]);
    return { ...part, ...Object.fromEntries(texts) };
  }

  private _trans: TranslationBundle = nullTranslator.load('dockyard');
}
