/** Plays a finished sound: from any place, once or over and over. */

/** One sound at a time. */
export class Player {
  #context = null;
  #source = null;
  #startedAt = 0;
  #offset = 0;
  #loops = false;

  constructor() {
    /** @type {AudioBuffer | null} */
    this.buffer = null;
    this.onChange = () => {};
    /** Called when it begins to play. */
    this.onPlay = () => {};
  }

  /** The context that plays, made when a hand first asks for sound: browsers allow it no earlier. */
  get context() {
    this.#context ??= new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
    return this.#context;
  }

  get isPlaying() {
    return this.#source !== null;
  }

  get loops() {
    return this.#loops;
  }

  set loops(loops) {
    const position = this.position;
    this.#loops = loops;
    if (this.#source) {
      this.#source.loop = loops;
      this.#startedAt = this.context.currentTime - position;
    }
    this.onChange();
  }

  /** Where it is, in seconds. */
  get position() {
    if (!this.buffer) return 0;
    if (!this.#source) return this.#offset;
    const at = this.context.currentTime - this.#startedAt;
    const { duration } = this.buffer;
    return this.#loops ? at % duration : Math.min(at, duration);
  }

  /**
   * Take another sound; if one is playing, it goes on in the other.
   *
   * @param {AudioBuffer | null} buffer
   * @param {{from?: number}} [options] `from`: where, in seconds; by default at the beginning.
   */
  load(buffer, { from = 0 } = {}) {
    const wasPlaying = this.isPlaying;
    this.#halt();
    this.buffer = buffer;
    this.#offset = buffer && from < buffer.duration ? from : 0;
    if (wasPlaying && buffer) this.play();
    else this.onChange();
  }

  play() {
    if (!this.buffer) return;
    this.onPlay();
    this.#halt();
    // Without a gesture of the user's it waits, silent, until there is one.
    void this.context.resume();
    if (this.#offset >= this.buffer.duration - 0.02) this.#offset = 0;
    const source = new AudioBufferSourceNode(this.context, {
      buffer: this.buffer,
      loop: this.#loops,
    });
    source.connect(this.context.destination);
    source.addEventListener('ended', () => {
      if (this.#source !== source) return;
      this.#source = null;
      this.#offset = 0;
      this.onChange();
    });
    source.start(0, this.#offset);
    this.#startedAt = this.context.currentTime - this.#offset;
    this.#source = source;
    this.onChange();
  }

  pause() {
    this.#offset = this.position;
    this.#halt();
    this.onChange();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  /** @param {number} seconds */
  seek(seconds) {
    if (!this.buffer) return;
    const wasPlaying = this.isPlaying;
    this.#halt();
    this.#offset = Math.min(Math.max(0, seconds), this.buffer.duration);
    if (wasPlaying) this.play();
    else this.onChange();
  }

  #halt() {
    const source = this.#source;
    this.#source = null;
    source?.stop();
    source?.disconnect();
  }
}
