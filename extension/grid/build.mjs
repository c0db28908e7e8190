// Bundles src/ with AG Grid Community into the one file that the package ships. The same sources give the same bytes.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { build } from "esbuild";

const SOURCES = ["build.mjs", "package-lock.json", ...readdirSync("src").map((name) => `src/${name}`)].sort();
const hash = createHash("sha256");
for (const name of SOURCES) hash.update(`${name}\n`).update(readFileSync(name));

const licence = readFileSync("node_modules/ag-grid-community/LICENSE.txt", "utf8");
const banner = `/*!
Built by scripts/grid from extension/grid (sha256 ${hash.digest("hex")}). Do not edit.
It contains the following package.

ag-grid-community

${licence}*/`;

await build({
  entryPoints: ["src/ag-grid.js"],
  outfile: "../dockyard/panels/ag_grid.js",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "eof",
  banner: { js: banner },
  logLevel: "warning",
});
