// Builds what the browser and the printer are given, into voucher/static/build/: one style sheet, the scripts, the
// fonts, and the reader of QR codes, which only the page that checks a code asks for.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as sass from "sass";

const ASSETS = dirname(fileURLToPath(import.meta.url));
const ROOT = join(ASSETS, "..", "..");
const MODULES = join(ROOT, "node_modules");
const OUT = join(ROOT, "voucher", "static", "build");

// The web takes the variable font in two pieces; ŵ and ŷ are in the second.
const WEB_FONT = "@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next";
// Paper takes whole fonts: a PDF made from pieces prints wrong letters for ŵ and ŷ.
const PAPER_FONT = "@expo-google-fonts/atkinson-hyperlegible-next";
const FONTS = [
  [`${WEB_FONT}-latin-wght-normal.woff2`, "atkinson-next-latin.woff2"],
  [`${WEB_FONT}-latin-ext-wght-normal.woff2`, "atkinson-next-latin-ext.woff2"],
  ...["400Regular", "600SemiBold", "700Bold", "800ExtraBold"].map((weight) => [
    `${PAPER_FONT}/${weight}/AtkinsonHyperlegibleNext_${weight}.ttf`,
    `AtkinsonHyperlegibleNext-${weight.slice(3)}.ttf`,
  ]),
  [`${PAPER_FONT}/LICENSE_FONT`, "LICENCE.txt"],
];

// The reader of QR codes: script and program from the one package, because those of two releases do not fit together.
const READER = [
  ["zxing-wasm/dist/es/reader/index.js", "qr/reader/index.js"],
  ["zxing-wasm/dist/es/share.js", "qr/share.js"],
  ["zxing-wasm/dist/reader/zxing_reader.wasm", "qr/reader/zxing_reader.wasm"],
  ["zxing-wasm/LICENSE", "qr/LICENCE.txt"],
];

// The categories' colours are kept in one file with the brochure, which prints with them.
const categoryColours = {
  canonicalize: (url) => (url === "colours:categories" ? new URL(url) : null),
  load() {
    const colours = JSON.parse(readFileSync(join(ROOT, "brochure", "colours.json"), "utf8"));
    const rows = Object.entries(colours).map(
      ([slug, { tint, mid, ink }]) => `"${slug}": ("tint": ${tint}, "mid": ${mid}, "ink": ${ink})`,
    );
    return { contents: `$categories: (${rows.join(", ")});`, syntax: "scss" };
  },
};

function build() {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(join(OUT, "fonts"), { recursive: true });
  mkdirSync(join(OUT, "qr", "reader"), { recursive: true });
  for (const [from, to] of FONTS) copyFileSync(join(MODULES, from), join(OUT, "fonts", to));
  for (const [from, to] of READER) copyFileSync(join(MODULES, from), join(OUT, to));
  const { css } = sass.compile(join(ASSETS, "app.scss"), {
    style: "compressed",
    loadPaths: [join(MODULES, "govuk-frontend", "dist")],
    importers: [categoryColours],
    quietDeps: true,
  });
  writeFileSync(join(OUT, "app.css"), css);
  for (const script of readdirSync(ASSETS).filter((name) => name.endsWith(".js"))) {
    copyFileSync(join(ASSETS, script), join(OUT, script));
  }
  console.log(`app.css: ${css.length} bytes, ${gzipSync(css).length} compressed`);
}

build();
if (process.argv.includes("--watch")) {
  watch(ASSETS, () => {
    try {
      build();
    } catch (problem) {
      console.error(problem.message);
    }
  });
}
