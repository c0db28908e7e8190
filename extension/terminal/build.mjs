// Bundles src/ with xterm.js into the two files that the package ships. The same sources give the same bytes.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { build } from "esbuild";

const SOURCES = ["build.mjs", "package-lock.json", ...readdirSync("src").map((name) => `src/${name}`)].sort();
const hash = createHash("sha256");
for (const name of SOURCES) hash.update(`${name}\n`).update(readFileSync(name));

const licences = ["xterm", "addon-fit"].map((name) => `@xterm/${name}\n\n${readFileSync(`node_modules/@xterm/${name}/LICENSE`, "utf8")}`);
const banner = `/*!
Built by scripts/terminal from extension/terminal (sha256 ${hash.digest("hex")}). Do not edit.
It contains the following packages.

${licences.join("\n")}*/`;

await build({
  entryPoints: ["src/terminal.js", "src/terminal.css"],
  outdir: "../dockyard/panels",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "eof",
  banner: { js: banner, css: banner },
  logLevel: "warning",
});
