/** What counts as a number and as a text, wherever a value comes from, and how it is told. */

const MAX_SHOWN = 40;

/**
 * A value as a message shows it: in one line, of at most so many characters.
 *
 * @param {unknown} value
 * @param {number} [most]
 * @returns {string}
 */
export function brief(value, most = MAX_SHOWN) {
  const text = shown(value).replace(/\s+/gu, ' ').trim();
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function shown(value) {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 1000));
  if (Array.isArray(value))
    return `[${value
      .slice(0, 8)
      .map((item) => brief(item))
      .join(', ')}]`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}

/**
 * The first of many names, for a message.
 *
 * @param {readonly unknown[]} names
 * @param {number} [most]
 */
export function listed(names, most = 8) {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return (
    names
      .slice(0, most)
      .map((name) => brief(name))
      .join(', ') + more
  );
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
export function isFinite(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * Whether a value is a whole number that is told apart from its neighbours.
 *
 * @param {unknown} value
 * @param {number} low
 * @param {number} high
 * @returns {value is number}
 */
export function isWhole(value, low, high) {
  return Number.isSafeInteger(value) && low <= Number(value) && Number(value) <= high;
}

/**
 * Whether a value is a text that can be written as UTF-8: without half of a surrogate pair.
 *
 * @param {unknown} value
 * @returns {value is string}
 */
export function isText(value) {
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value);
}

/**
 * Whether a value is an object with keys: what JSON writes in braces.
 *
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param {Record<string, unknown>} object */
export function withoutUndefined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
