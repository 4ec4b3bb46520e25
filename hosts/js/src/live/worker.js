/** A worker that renders live sounds; onnxruntime-web/wasm is where the page says. */

import { serveWorker } from './serve.js';

serveWorker();
