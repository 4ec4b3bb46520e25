/** Numbers and dates as they are written on the page. */

/** @param {number} bytes */
export function size(bytes) {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** @param {number} seconds */
export function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  const rest = seconds - 60 * minutes;
  return `${minutes}:${rest < 9.95 ? '0' : ''}${rest.toFixed(1)}`;
}

/** @param {string} text As the model has it; may be empty or anything else. */
export function date(text) {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return '';
  return new Date(time).toLocaleDateString(undefined, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
  });
}

/** @param {number} time Milliseconds since 1970. */
export function moment(time) {
  const then = new Date(time);
  const isToday = then.toDateString() === new Date().toDateString();
  return isToday
    ? then.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
    : then.toLocaleDateString(undefined, { month: 'short', day: 'numeric' });
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * What a slider does, in a word: "PC1 (Loudness)" is "Loudness".
 *
 * @param {string} label
 */
export function wordOf(label) {
  return /\(([^()]+)\)\s*$/.exec(label)?.[1] ?? label;
}

/**
 * Give the browser a file to save.
 *
 * @param {string} name
 * @param {BlobPart} content
 * @param {string} type
 */
export function download(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
