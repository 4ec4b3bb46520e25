/** The browser's own storage; where it is forbidden, a memory that lasts as long as the page. */

const NAME = 'distill';
const VERSION = 1;
const STORES = ['sounds', 'presets', 'pictures', 'preferences'];

/** Why something could not be kept, in words for the page. */
export class StorageError extends Error {
  isOurs = true;
}

/** Records by their `id`, in a few stores. */
export class Database {
  #database = null;
  #memory = new Map(STORES.map((store) => [store, new Map()]));

  /** Whether what is kept outlives the page. */
  get isLasting() {
    return this.#database !== null;
  }

  async open() {
    try {
      this.#database = await opened();
      this.#database.onversionchange = () => this.#database.close();
    } catch {
      this.#database = null;
    }
  }

  /**
   * @param {string} store
   * @returns {Promise<any[]>}
   */
  async all(store) {
    if (!this.#database) return [...this.#memory.get(store).values()];
    return this.#run(store, 'readonly', (records) => records.getAll());
  }

  /**
   * @param {string} store
   * @param {string} id
   */
  async get(store, id) {
    if (!this.#database) return this.#memory.get(store).get(id);
    return this.#run(store, 'readonly', (records) => records.get(id));
  }

  /**
   * @param {string} store
   * @param {{id: string}} record
   * @throws {StorageError} The storage is full, or refuses.
   */
  async put(store, record) {
    if (this.#database) await this.#run(store, 'readwrite', (records) => records.put(record));
    else this.#memory.get(store).set(record.id, record);
  }

  /**
   * @param {string} store
   * @param {string} id
   */
  async delete(store, id) {
    if (this.#database) await this.#run(store, 'readwrite', (records) => records.delete(id));
    else this.#memory.get(store).delete(id);
  }

  #run(store, mode, work) {
    return new Promise((resolve, reject) => {
      const refuse = (error) => reject(storageError(error));
      try {
        const transaction = this.#database.transaction(store, mode);
        const request = work(transaction.objectStore(store));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onerror = () => refuse(transaction.error ?? request.error);
        transaction.onabort = transaction.onerror;
      } catch (error) {
        refuse(error);
      }
    });
  }
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store, { keyPath: 'id' });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('blocked'));
  });
}

/** @param {DOMException | null} cause */
function storageError(cause) {
  if (cause?.name === 'QuotaExceededError') {
    return new StorageError(
      'The browser’s storage is full: delete sounds from the history, or make room on the disk.',
      { cause },
    );
  }
  return new StorageError(
    `The browser refused to keep this (${cause?.name ?? 'no reason given'}). Export what you need.`,
    { cause },
  );
}
