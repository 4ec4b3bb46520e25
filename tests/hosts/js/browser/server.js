// A static server for a page of tests: the library, onnxruntime-web and some files, under a strict policy.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIBRARY = fileURLToPath(new URL('../../../../hosts/js/', import.meta.url));
const PAGE = fileURLToPath(new URL('.', import.meta.url));
const FOLDERS = {
  src: join(LIBRARY, 'src'),
  ort: join(LIBRARY, 'node_modules/onnxruntime-web/dist'),
  page: PAGE,
};
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Serve on a free port of this machine.
 *
 * @param {{files: Record<string, string>, isIsolated: boolean}} options
 *   `files`: paths of what lies under /files/, by name.
 */
export async function serve({ files, isIsolated }) {
  const server = createServer(async (request, response) => {
    const [, folder, ...rest] = normalize(new URL(request.url, 'http://localhost').pathname).split(
      '/',
    );
    const path =
      folder === 'files'
        ? files[rest.join('/')]
        : FOLDERS[folder] && join(FOLDERS[folder], ...rest);
    try {
      if (folder === 'favicon.ico') return response.writeHead(204).end();
      const content = await readFile(path);
      return response
        .writeHead(200, {
          'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
          'Content-Security-Policy': POLICY,
          ...(isIsolated && ISOLATION),
        })
        .end(content);
    } catch {
      return response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
