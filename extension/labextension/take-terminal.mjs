// The terminal of the Python package's panels, put where the bundler takes it from: one terminal, not two.

import { copyFileSync } from 'node:fs';

for (const name of ['terminal.js', 'terminal.css']) {
  copyFileSync(`../dockyard/panels/${name}`, `lib/${name}`);
}
