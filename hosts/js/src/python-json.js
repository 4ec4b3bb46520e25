/**
 * JSON as Python writes it, byte for byte: recipes and presets are the same whoever made them, and
 * the fingerprint of a model's sliders is a hash of such a text.
 *
 * Python tells 5 from 5.0, JavaScript does not: what is a float there is wrapped here.
 */

/** A number that is a float in Python, whole or not. */
export class Float {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }
}

/** @typedef {{readonly [key: string]: PythonValue}} PythonObject */
/** @typedef {null | boolean | number | string | Float | readonly any[] | PythonObject} PythonValue */

/**
 * `json.dumps(value)`: compact, or with line breaks and an indent of so many spaces.
 *
 * @param {PythonValue} value A plain number is an int where it is whole.
 * @param {{ascii?: boolean, indent?: number}} [options]
 *   `ascii`: whether to escape what is not ASCII, as Python does by default.
 * @returns {string}
 */
export function dumps(value, { ascii = true, indent = 0 } = {}) {
  /** @param {string} text */
  const quoted = (text) => {
    const json = JSON.stringify(text);
    return ascii ? json.replace(/[\u0080-\uffff]/g, escaped) : json;
  };
  const colon = indent ? ': ' : ':';
  /**
   * @param {PythonValue} item
   * @param {string} margin
   * @returns {string}
   */
  const written = (item, margin) => {
    if (item === null || typeof item === 'boolean') return String(item);
    if (typeof item === 'string') return quoted(item);
    if (typeof item === 'number') return Number.isInteger(item) ? whole(item) : floatText(item);
    if (item instanceof Float) return floatText(item.value);
    const inner = margin + ' '.repeat(indent);
    const [open, close] = Array.isArray(item) ? '[]' : '{}';
    const parts = Array.isArray(item)
      ? item.map((element) => written(element, inner))
      : Object.entries(item).map(([key, entry]) => quoted(key) + colon + written(entry, inner));
    if (!parts.length) return open + close;
    if (!indent) return open + parts.join(',') + close;
    return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`;
  };
  return written(value, '');
}

/**
 * A float as Python's `repr` writes it: the fewest digits that lead back to it, as in JavaScript,
 * but an exponent below 1e-4 and from 1e16 on, of two digits at least, and ".0" where it is whole.
 *
 * @param {number} value Finite.
 */
export function floatText(value) {
  if (Object.is(value, -0)) return '-0.0';
  const [digits, exponentText] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${digits}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  // JavaScript takes an exponent below 1e-6 only, and from 1e21 on.
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** @param {number} value */
function whole(value) {
  return BigInt(value).toString();
}

/** @param {string} character */
function escaped(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
