// The two builds of ONNX Runtime that a host may hand to the library.

/**
 * Load one of them.
 *
 * @param {'node' | 'web'} build "node" is native code; "web" is WebAssembly, the very module that a
 *   browser loads.
 */
export async function loadOnnxRuntime(build) {
  if (build === 'node') return (await import('onnxruntime-node')).default;
  const ort = await import('onnxruntime-web/wasm');
  // One thread needs no workers, so it runs in any page, also one without cross-origin isolation.
  ort.env.wasm.numThreads = 1;
  return ort;
}
