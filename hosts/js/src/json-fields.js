/** Typed, checked reading of JSON documents that come from outside; every complaint names the field. */

import { brief, isFinite, isObject, isText, isWhole } from './checks.js';
import { DistillError } from './errors.js';

/** @typedef {new (message: string) => DistillError} ErrorKind */

/** One JSON object. */
export class JsonFields {
  /** @type {Record<string, unknown>} */ #values;
  /** @type {string} */ #path;
  /** @type {string} */ #document;
  /** @type {ErrorKind} */ #error;

  /**
   * @param {unknown} value
   * @param {{document: string, error: ErrorKind, path?: string}} options
   *   `document` names it in complaints, which are thrown as `error`.
   */
  constructor(value, { document, error, path = '' }) {
    this.#document = document;
    this.#error = error;
    this.#path = path;
    if (!isObject(value)) throw new error(`${document} has no object at ${path || 'its top'}`);
    this.#values = value;
  }

  /**
   * Read JSON text.
   *
   * @param {string} source
   * @param {{document: string, error: ErrorKind}} options
   */
  static parse(source, { document, error }) {
    let value;
    try {
      value = JSON.parse(source);
    } catch (reason) {
      throw new error(`${document} is no valid JSON (${brief(messageOf(reason), 100)})`);
    }
    return new JsonFields(value, { document, error });
  }

  /** @param {string} key */
  has(key) {
    return Object.hasOwn(this.#values, key);
  }

  /** The names of what there is, in the document's order. */
  names() {
    return Object.keys(this.#values);
  }

  /**
   * Run what is made of the values, and name the document in its complaints.
   *
   * @template T
   * @param {() => T} make
   * @returns {T}
   */
  about(make) {
    try {
      return make();
    } catch (reason) {
      if (!(reason instanceof DistillError)) throw reason;
      throw new this.#error(`${this.#document}: ${reason.message}`);
    }
  }

  /** @param {string} key */
  text(key) {
    const value = this.#get(key);
    if (!isText(value)) throw this.#wrong(key, 'a text');
    return value;
  }

  /** @param {string} key */
  texts(key) {
    const value = this.#get(key);
    if (!Array.isArray(value) || !value.every(isText)) throw this.#wrong(key, 'a list of texts');
    return /** @type {string[]} */ (value);
  }

  /** The whole object, all of whose values must be texts. */
  allTexts() {
    return Object.fromEntries(this.names().map((key) => [key, this.text(key)]));
  }

  /**
   * @template {string} T
   * @param {string} key
   * @param {readonly T[]} choices
   * @returns {T}
   */
  oneOf(key, choices) {
    const value = /** @type {T} */ (this.text(key));
    if (!choices.includes(value)) throw this.#wrong(key, `one of ${choices.join(', ')}`);
    return value;
  }

  /**
   * @param {string} key
   * @param {number} low
   * @param {number} high
   */
  integer(key, low, high) {
    const value = this.#get(key);
    if (!isWhole(value, low, high)) {
      throw this.#wrong(key, low < high ? `a whole number from ${low} to ${high}` : `${low}`);
    }
    return value;
  }

  /** @param {string} key */
  number(key) {
    const value = this.#get(key);
    if (!isFinite(value)) throw this.#wrong(key, 'a finite number');
    return value;
  }

  /**
   * A finite number from `low` to `high`.
   *
   * @param {string} key
   * @param {number} low
   * @param {number} high
   */
  numberWithin(key, low, high) {
    const value = this.number(key);
    if (value < low || value > high) {
      throw this.#wrong(
        key,
        high === Infinity ? `a finite number, ${low} or more` : `a number from ${low} to ${high}`,
      );
    }
    return value;
  }

  /** @param {string} key */
  flag(key) {
    const value = this.#get(key);
    if (typeof value !== 'boolean') throw this.#wrong(key, 'true or false');
    return value;
  }

  /**
   * The object under the key, all of whose values must be finite numbers.
   *
   * @param {string} key
   */
  allNumbers(key) {
    const section = this.section(key);
    return Object.fromEntries(section.names().map((name) => [name, section.number(name)]));
  }

  /**
   * A list of finite numbers, of `length` where one is given.
   *
   * @param {string} key
   * @param {number} [length]
   */
  numbers(key, length) {
    const value = this.#get(key);
    if (!Array.isArray(value) || !value.length || !value.every(isFinite)) {
      throw this.#wrong(key, 'a list of finite numbers');
    }
    if (length !== undefined && value.length !== length) {
      throw this.#wrong(key, `a list of ${length} numbers`);
    }
    return /** @type {number[]} */ (value);
  }

  /** @param {string} key */
  section(key) {
    return this.#at(this.#get(key), this.#name(key));
  }

  /** @param {string} key */
  sections(key) {
    const value = this.#get(key);
    if (!Array.isArray(value)) throw this.#wrong(key, 'a list');
    return value.map((item, i) => this.#at(item, `${this.#name(key)}[${i}]`));
  }

  /**
   * What `read` gives for the key, or null where the document has null.
   *
   * @template T
   * @param {string} key
   * @param {(key: string) => T} read
   * @returns {T | null}
   */
  optional(key, read) {
    return this.#get(key) === null ? null : read(key);
  }

  /** @param {string} key */
  #get(key) {
    if (!this.has(key)) throw new this.#error(`${this.#document} lacks ${this.#name(key)}`);
    return this.#values[key];
  }

  /** @param {string} key */
  #name(key) {
    const name = this.#path ? `${this.#path}.${key}` : key;
    return name.replace(/\s+/gu, ' ').slice(0, 80);
  }

  /**
   * @param {string} key
   * @param {string} expected
   */
  #wrong(key, expected) {
    const found = brief(this.#values[key]);
    return new this.#error(
      `${this.#document} has ${found} for ${this.#name(key)}, not ${expected}`,
    );
  }

  /**
   * @param {unknown} value
   * @param {string} path
   */
  #at(value, path) {
    return new JsonFields(value, { path, document: this.#document, error: this.#error });
  }
}

/** @param {unknown} reason */
function messageOf(reason) {
  return reason instanceof Error ? reason.message : String(reason);
}
