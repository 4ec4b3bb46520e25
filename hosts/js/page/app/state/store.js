/** A value that tells those who watch it when it changes. */

/** @template T */
export class Store {
  #value;
  #watchers = new Set();

  /** @param {T} value */
  constructor(value) {
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  /** @param {T} value */
  set(value) {
    if (Object.is(value, this.#value)) return;
    const before = this.#value;
    this.#value = value;
    for (const watcher of [...this.#watchers]) watcher(value, before);
  }

  /**
   * Change some of an object's fields.
   *
   * @param {Partial<T>} changes
   */
  update(changes) {
    this.set({ ...this.#value, ...changes });
  }

  /**
   * @param {(value: T, before: T) => void} watcher
   * @returns {() => void} Stops the watching.
   */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
