// The reader's language: JupyterLab's where one was chosen there, else the server's. The words are Dockyard's own catalogue.

import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Gettext, ITranslator, TranslationBundle, nullTranslator } from '@jupyterlab/translation';
import { Server } from './request';

const TRIES = 3;
const PAUSE_MS = 500;
const LANGUAGE_SETTING = '@jupyterlab/translation-extension:plugin';

// JupyterLab reads an extension's own catalogue only where a language pack of that language is installed, so the server gives it.
export async function loadWords(
  server: Server,
  translator: ITranslator | null,
  settings: ISettingRegistry | null
): Promise<TranslationBundle> {
  server.language = await chosenLanguage(translator, settings);
  const { language, words } = await askWords(server);
  server.language = language;
  if (language === 'en') {
    return nullTranslator.load('dockyard');
  }
  const catalogue = new Gettext({ domain: 'dockyard', locale: language });
  const header = { domain: 'dockyard', language, pluralForms: 'nplurals=1; plural=0;' };
  const messages = Object.entries(words).map(([english, own]) => [english, [own]]);
  catalogue.loadJSON({ '': header, ...Object.fromEntries(messages) }, 'dockyard');
  return catalogue;
}

// English where the server does not give them: a sidebar that says what is wrong is better than none.
async function askWords(server: Server): Promise<{ language: string; words: Record<string, string> }> {
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return await server.get('words');
    } catch {
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
    }
  }
  return { language: 'en', words: {} };
}

// Empty where nobody has chosen: then the server's own language counts, as `dockyard lab --lang ko` sets it.
async function chosenLanguage(translator: ITranslator | null, settings: ISettingRegistry | null): Promise<string> {
  const code = translator?.languageCode ?? 'en';
  if (code !== 'en' || !settings) {
    return code === 'en' ? '' : code;
  }
  const chosen = await settings.get(LANGUAGE_SETTING, 'locale').catch(() => null);
  return chosen?.user ? code : '';
}
