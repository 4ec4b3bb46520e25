// Builds the page into a folder, and the template of the page of one file.
//
//   node build.mjs --out FOLDER
//
// index.html and what it loads go beside each other; player.html holds all of it, and wants a model in the place
// of its mark (docs/page.md).

import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));
const PAGE = join(HERE, 'page');
const RUNTIME = join(HERE, 'node_modules', 'onnxruntime-web', 'dist');
const RUNTIME_MODULE = 'ort.wasm.bundle.min.mjs';
const RUNTIME_WASM = 'ort-wasm-simd-threaded.wasm';
const STYLES = [
  'tokens',
  'base',
  'buttons',
  'overlays',
  'fader',
  'library',
  'sound',
  'kept',
  'play',
];
const MARK = '<!--distill:model-->';

// Each is a script of its own: the page, and the threads beside it.
const SCRIPTS = Object.freeze({
  page: 'app/main.js',
  engine: 'app/engine/worker.js',
  live: 'app/live/worker.js',
  worklet: '../src/live/worklet.js',
});

/**
 * Bundle a script.
 *
 * @param {string} source
 * @param {boolean} isWhole Whether onnxruntime goes into it, or stays beside it.
 */
async function bundled(source, isWhole) {
  const beside = {
    name: 'onnxruntime-beside',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^onnxruntime-web\/wasm$/ }, () => ({
        path: `./${RUNTIME_MODULE}`,
        external: true,
      })),
  };
  const { outputFiles } = await build({
    entryPoints: [join(PAGE, source)],
    bundle: true,
    format: 'esm',
    target: ['chrome110', 'firefox115', 'safari16.4'],
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    write: false,
    plugins: isWhole ? [] : [beside],
  });
  return outputFiles[0].text;
}

async function stylesheet() {
  const sources = await Promise.all(
    STYLES.map((name) => readFile(join(PAGE, 'styles', `${name}.css`), 'utf8')),
  );
  const { outputFiles } = await build({
    stdin: { contents: sources.join('\n'), loader: 'css' },
    minify: true,
    write: false,
  });
  return outputFiles[0].text;
}

/** @param {string} out */
async function buildSite(out) {
  await writeFile(join(out, 'page.css'), await stylesheet());
  for (const [name, source] of Object.entries(SCRIPTS)) {
    await writeFile(join(out, `${name}.js`), await bundled(source, false));
  }
  for (const name of ['index.html', 'icon.svg']) await cp(join(PAGE, name), join(out, name));
  for (const name of [RUNTIME_MODULE, RUNTIME_WASM]) await cp(join(RUNTIME, name), join(out, name));
  await cp(join(PAGE, 'onnxruntime-LICENSE.txt'), join(out, 'onnxruntime-LICENSE.txt'));
}

/** @param {string} out */
async function buildPlayer(out) {
  const script = await bundled(SCRIPTS.page, true);
  const style = await stylesheet();
  const files = [embedded('distill-wasm', await readFile(join(RUNTIME, RUNTIME_WASM)))];
  for (const [name, source] of Object.entries(SCRIPTS)) {
    if (name !== 'page') files.push(embedded(`distill-${name}`, await bundled(source, true)));
  }
  const license = await readFile(join(PAGE, 'onnxruntime-LICENSE.txt'), 'utf8');
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}' data: 'wasm-unsafe-eval'`,
    `style-src '${hashOf(style)}'`,
    'img-src blob: data:',
    'media-src blob:',
    'worker-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const parts = {
    policy: `<meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    style: `<style>${style}</style>`,
    files: `<!--\n${license}-->\n${files.join('\n')}`,
    script: `<script type="module">${script}</script>`,
    model: MARK, // the exporter's to fill
  };
  const template = await readFile(join(PAGE, 'player.html'), 'utf8');
  const page = template.replace(/<!--distill:(\w+)-->/g, (_, name) => parts[name]);
  if (page.split(MARK).length !== 2) throw new Error(`player.html must hold ${MARK} once`);
  await writeFile(join(out, 'player.html'), page);
}

/**
 * A file as an element that no browser runs.
 *
 * @param {string} id
 * @param {Uint8Array | string} content
 */
function embedded(id, content) {
  const text = gzipSync(content, { level: 9 }).toString('base64');
  return `<script id="${id}" type="application/octet-stream" data-encoding="gzip">${text}</script>`;
}

/** @param {string} text */
function hashOf(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

const { values } = parseArgs({ options: { out: { type: 'string' } } });
if (!values.out) {
  console.error('usage: node build.mjs --out FOLDER');
  process.exit(2);
}
await mkdir(values.out, { recursive: true });
await buildSite(values.out);
await buildPlayer(values.out);
