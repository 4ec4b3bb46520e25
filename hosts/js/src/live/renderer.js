/** Renders a live sound ahead of where it plays, and answers moves, until it is closed. */

import { SAMPLE_RATE_HZ, STEP_SAMPLES } from '../contract.js';

// So much is rendered ahead at least, and a whole step when no move came for a while: what moves
// come upon is rendered in vain.
const LEAST_AHEAD_S = 0.25;
const CALM_S = 0.1;
const SHORTEST_WAIT_S = 0.001;
const MEMORY_S = 0.5; // of the running mean of the load
const NEW_SHARE = 0.2; // of a new value in the running mean of a step's time
const ANSWER_STEPS = 2;
const SLACK_S = 0.02; // at least, for what holds a thread up; more where a step takes longer
const REST = 0.25; // of the time of an answer, for others to use the cores

/** Does one thing after the other, and lets messages in between. */
export class Renderer {
  #answers;
  #reach;
  #onTurn;
  #isClosed = false;
  #lastAnswer = -Infinity;
  #restUntil = -Infinity;
  #stepS = 0;
  /** @type {(() => void) | null} */
  #wake = null;
  #pause = new Pause();

  /**
   * @param {import('./answers.js').Answers} answers Renders, and answers moves.
   * @param {() => number} reach The first position that can surely still be changed.
   * @param {() => void} [onTurn] Called after each thing that was done, ten times a second at
   *   least.
   */
  constructor(answers, reach, onTurn = () => {}) {
    this.#answers = answers;
    this.#reach = reach;
    this.#onTurn = onTurn;
    /** Share of the time that rendering takes, a running mean. */
    this.load = 0;
  }

  /** Render the first step, and learn how long that takes. */
  async begin() {
    this.#stepS = await timed(() => this.#answers.extend());
  }

  /**
   * Render and answer until it is closed.
   *
   * @throws {import('../errors.js').DistillError} The model failed.
   */
  async run() {
    try {
      while (!this.#isClosed) await this.#turn();
    } finally {
      this.#pause.close();
    }
  }

  async #turn() {
    const started = now();
    const busyS = await this.#work();
    if (busyS === 0) await this.#wait(this.#idleS());
    else await this.#pause.turn();
    const passedS = Math.max(now() - started, 1e-9);
    const share = Math.min(1, busyS / passedS);
    this.load += (1 - Math.exp(-passedS / MEMORY_S)) * (share - this.load);
    this.#answers.look();
    this.#onTurn();
  }

  /** Let it see that there is a move. */
  wake() {
    this.#wake?.();
  }

  /** End once it has finished what it is at. */
  close() {
    this.#isClosed = true;
    this.wake();
  }

  /** Do what is most urgent; seconds that it took, 0 if there was nothing to do. */
  async #work() {
    if (this.#aheadS() < this.#leastS()) return this.#extend();
    if (this.#answers.isAsked) return this.#answer();
    if (this.#aheadS() < this.#wantedS()) return this.#extend();
    return 0;
  }

  async #extend() {
    const tookS = await timed(() => this.#answers.extend());
    this.#stepS += NEW_SHARE * (tookS - this.#stepS);
    return tookS;
  }

  /** Answer a move, unless the last answer is so recent that nothing else would be done. */
  async #answer() {
    if (now() < this.#restUntil) return 0;
    // Before the step that plays has ended, another answer may be needed.
    const leadS = this.#leastS() + ANSWER_STEPS * this.#stepS;
    const tookS = await timed(() => this.#answers.answer(leadS));
    this.#lastAnswer = now();
    this.#restUntil = this.#lastAnswer + REST * tookS;
    return tookS;
  }

  #aheadS() {
    return (this.#answers.timeline.end - this.#reach()) / SAMPLE_RATE_HZ;
  }

  /** What has to lie ready before a move is answered. */
  #leastS() {
    return ANSWER_STEPS * this.#stepS + Math.max(SLACK_S, this.#stepS);
  }

  #wantedS() {
    const isCalm = now() - this.#lastAnswer > CALM_S;
    return isCalm ? STEP_SAMPLES / SAMPLE_RATE_HZ : LEAST_AHEAD_S;
  }

  #idleS() {
    const untilS = this.#answers.isAsked
      ? this.#restUntil - now()
      : this.#aheadS() - this.#wantedS();
    return Math.max(SHORTEST_WAIT_S, Math.min(untilS, CALM_S));
  }

  /**
   * Wait so long, or until there is a move.
   *
   * @param {number} seconds
   */
  async #wait(seconds) {
    if (this.#isClosed) return;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, 1000 * seconds);
      this.#wake = () => {
        // While it rests a move does not hurry it.
        if (!this.#isClosed && now() < this.#restUntil) return;
        clearTimeout(timer);
        resolve(undefined);
      };
    });
    this.#wake = null;
  }
}

/** Gives way to messages that came, without the milliseconds that a timer takes. */
class Pause {
  #channel = new MessageChannel();
  /** @type {() => void} */
  #resume = () => {};

  constructor() {
    this.#channel.port1.onmessage = () => this.#resume();
  }

  turn() {
    return new Promise((resolve) => {
      this.#resume = () => resolve(undefined);
      this.#channel.port2.postMessage(null);
    });
  }

  close() {
    this.#channel.port1.close();
  }
}

function now() {
  return performance.now() / 1000;
}

/** @param {() => Promise<unknown>} action */
async function timed(action) {
  const started = now();
  await action();
  return now() - started;
}
