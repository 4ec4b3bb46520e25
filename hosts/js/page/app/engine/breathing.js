/** onnxruntime with a breath before each call, in which the thread's messages are read. */

/**
 * WebAssembly runs without giving the thread away, so a message that cancels would be read when nothing is
 * left to cancel.
 *
 * @param {any} ort The module of onnxruntime-web.
 */
export function breathing(ort) {
  return {
    env: ort.env,
    Tensor: ort.Tensor,
    InferenceSession: {
      async create(bytes, options) {
        const session = await ort.InferenceSession.create(bytes, options);
        return {
          async run(feeds) {
            await breath();
            return session.run(feeds);
          },
          release: () => session.release(),
        };
      },
    },
  };
}

/** A turn of the event loop, without the milliseconds that a timer takes. */
function breath() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
