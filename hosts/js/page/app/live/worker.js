/** The thread that renders the live sound. */

import * as onnxruntime from 'onnxruntime-web/wasm';

import { serveWorker } from '../../../src/live/serve.js';

serveWorker(onnxruntime);
