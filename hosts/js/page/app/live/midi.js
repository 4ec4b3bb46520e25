/** Controllers over Web MIDI: which one moves what, learned by touching it. */

const KEY = 'midi';
const CONTROL_CHANGE = 0xb0;

/** Bindings from controllers to sliders and controls, the same for every model. */
export class Midi {
  #database;
  #access = null;
  #bindings = new Map(); // "channel controller" -> target
  #learning = null;
  #watchers = new Set();

  /** @param {import('../storage/database.js').Database} database */
  constructor(database) {
    this.#database = database;
    /** Told of each move: the target and where the controller stands, 0..1. */
    this.onMove = (_target, _share) => {};
  }

  get isPossible() {
    return typeof navigator.requestMIDIAccess === 'function';
  }

  get isOn() {
    return this.#access !== null;
  }

  /** Names of the instruments that are connected. */
  get inputs() {
    return this.#access ? [...this.#access.inputs.values()].map(({ name }) => name ?? 'MIDI') : [];
  }

  /** @throws {Error} The browser or the user does not allow it. */
  async start() {
    const kept = await this.#database.get('preferences', KEY).catch(() => null);
    for (const [controller, target] of kept?.bindings ?? []) this.#bindings.set(controller, target);
    this.#access = await navigator.requestMIDIAccess();
    const listen = () => {
      for (const input of this.#access.inputs.values()) {
        input.onmidimessage = ({ data }) => this.#take(data);
      }
      this.#tell();
    };
    this.#access.onstatechange = listen;
    listen();
  }

  /**
   * Bind the next controller that is touched to a target; asked again, give up.
   *
   * @param {string} target
   */
  learn(target) {
    this.#learning = this.#learning === target ? null : target;
    this.#tell();
  }

  /** @param {string} target */
  isLearning(target) {
    return this.#learning === target;
  }

  /** @param {string} target */
  isBound(target) {
    return [...this.#bindings.values()].includes(target);
  }

  /** @param {() => void} watcher */
  onChange(watcher) {
    this.#watchers.add(watcher);
  }

  /** @param {Uint8Array} data */
  #take([status, controller, value]) {
    if ((status & 0xf0) !== CONTROL_CHANGE) return;
    const source = `${status & 0x0f} ${controller}`;
    if (this.#learning !== null) {
      for (const [other, target] of [...this.#bindings]) {
        if (target === this.#learning) this.#bindings.delete(other);
      }
      this.#bindings.set(source, this.#learning);
      this.#learning = null;
      void this.#database
        .put('preferences', { id: KEY, bindings: [...this.#bindings] })
        .catch(() => {});
      this.#tell();
    }
    const target = this.#bindings.get(source);
    if (target) this.onMove(target, value / 127);
  }

  #tell() {
    for (const watcher of this.#watchers) watcher();
  }
}
