/** Errors on their way between threads, which keep no class. */

import { DistillError } from '../../../src/index.js';

/**
 * @typedef {object} PlainError
 * @property {string} name
 * @property {string} message
 * @property {boolean} isOurs Whether the message is written to be read by a musician.
 */

/**
 * @param {unknown} error
 * @returns {PlainError}
 */
export function plainError(error) {
  const { name = 'Error', message = String(error) } = error instanceof Error ? error : {};
  return { name, message, isOurs: error instanceof DistillError };
}

/** An error of the thread that makes sound, as the page throws it again. */
export class EngineError extends Error {
  /** @param {PlainError} plain */
  constructor({ name, message, isOurs }) {
    super(message);
    this.name = name;
    this.isOurs = isOurs;
  }

  get isCancelled() {
    return this.name === 'CancelledError';
  }
}
