/** Names that no other record has, as Distill gives them to presets. */

/** A random UUID (RFC 9562, version 4); the browser's own function is not there over plain http. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [8, 12, 16, 20, 32]
    .map((end, i, ends) => digits.slice(i ? ends[i - 1] : 0, end))
    .join('-');
}
