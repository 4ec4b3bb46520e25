/** Where the page's other parts are: beside it, or, in a page of one file, inside it. */

import { bytesFromText } from './embedded.js';

/**
 * @typedef {object} Assets
 * @property {() => Promise<{workerUrl: string | URL, wasm: string | ArrayBuffer}>} engine
 * @property {() => Promise<{workerUrl: string | URL, workletUrl: string | URL, wasm: string | ArrayBuffer}>}
 *   live
 */

/** @returns {Assets} */
export function findAssets() {
  return document.getElementById('distill-wasm') ? embedded() : beside();
}

/** @returns {Assets} */
function beside() {
  const at = (name) => new URL(name, document.baseURI).href;
  const wasm = at('ort-wasm-simd-threaded.wasm');
  return {
    engine: async () => ({ workerUrl: at('engine.js'), wasm }),
    live: async () => ({ workerUrl: at('live.js'), workletUrl: at('worklet.js'), wasm }),
  };
}

/** @returns {Assets} */
function embedded() {
  const bytes = async (id) => (await bytesFromText(document.getElementById(id))).buffer;
  // Of a file on the disk, Chromium starts no module from a blob, neither a worker nor a worklet.
  const script = async (id) => {
    const text = new TextDecoder().decode(await bytes(id));
    return `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
  };
  const once = (make) => {
    let made = null;
    return () => (made ??= make());
  };
  const engineUrl = once(() => script('distill-engine'));
  const liveUrl = once(() => script('distill-live'));
  const workletUrl = once(() => script('distill-worklet'));
  return {
    engine: async () => ({ workerUrl: await engineUrl(), wasm: await bytes('distill-wasm') }),
    live: async () => ({
      workerUrl: await liveUrl(),
      workletUrl: await workletUrl(),
      wasm: await bytes('distill-wasm'),
    }),
  };
}
