/** Files that a page of one file carries inside it: base64 in elements that no browser runs. */

/** A page that was cut short, or changed, on its way. */
export class DamagedPageError extends Error {
  isOurs = true;
}

/**
 * The file in an element; with `data-encoding="gzip"` it is unpacked.
 *
 * @param {Element} element
 * @returns {Promise<Uint8Array>}
 */
export async function bytesFromText(element) {
  try {
    const bytes = fromBase64(element.textContent.trim());
    if (element.dataset.encoding !== 'gzip') return bytes;
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch (cause) {
    throw new DamagedPageError('This page is damaged: get it again, or have it made again.', {
      cause,
    });
  }
}

/** The element of the model, if the page carries one. */
export function embeddedModel() {
  return document.getElementById('distill-model');
}

/** @param {string} text */
function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = characters.charCodeAt(i);
  return bytes;
}
