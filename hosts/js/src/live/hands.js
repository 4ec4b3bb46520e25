/** What hands can do to a live sound, checked against the model that plays. */

import { brief, isFinite } from '../checks.js';
import { resolveControl, resolveControls } from '../controls.js';
import { RequestError } from '../errors.js';
import { resolvePositions, resolveSlider } from '../sliders.js';
import { checkVector } from '../trajectory.js';
import { checkedSeed } from './beginning.js';
import { centre, checkPlace, makePlace, walks } from './place.js';

/** @typedef {import('./place.js').Place} Place */

/** Knows where the hands have put a sound, and asks for every other place they put it. */
export class Hands {
  #metadata;
  #stereo;
  #place;
  #ask;

  /**
   * @param {import('../metadata-types.js').ArtifactMetadata} metadata Of what plays.
   * @param {import('../stereo.js').StereoSettings} stereo
   * @param {Place} place Where it begins.
   * @param {(place: Place, restart: boolean) => void} ask Takes the moves; `restart`: whether the
   *   wandering begins anew.
   */
  constructor(metadata, stereo, place, ask) {
    this.#metadata = metadata;
    this.#stereo = stereo;
    this.#place = place;
    this.#ask = ask;
  }

  /** Where the sound was put last. */
  get place() {
    return this.#place;
  }

  /** The latent vector that the sound is at, or drifts around; null if it walks between anchors. */
  get latentVector() {
    return walks(this.#place) ? null : centre(this.#place, this.#metadata);
  }

  /**
   * Go to a latent vector.
   *
   * @param {ArrayLike<number>} vector `[latent_dim]`
   * @throws {RequestError} It does not fit the model.
   */
  moveTo(vector) {
    this.#move({ vector: Array.from(checkVector(vector)), sliders: null });
  }

  /**
   * Go where sliders stand.
   *
   * @param {import('../sliders.js').SliderPositions} positions One for each, or by label, name or
   *   index: the others then stand at 0.
   * @throws {RequestError} The model has no sliders, or the positions are not right for them.
   */
  setSliders(positions) {
    this.#move({ sliders: resolvePositions(this.#sliders(), positions), vector: null });
  }

  /**
   * Move one slider and leave the others where they are, at 0 if they were nowhere.
   *
   * @param {string | number} slider
   * @param {number} position
   * @throws {RequestError} There is no such slider, or the position is not right for it.
   */
  moveSlider(slider, position) {
    const sliders = this.#sliders();
    const index = resolveSlider(sliders, slider);
    const { min_step: low, max_step: high } = sliders[index];
    if (!isFinite(position) || (position !== 0 && !(position >= low && position <= high))) {
      throw new RequestError(
        `slider ${brief(slider)} is set to ${brief(position)}, expected a number from ${low} to ${high}`,
      );
    }
    const positions = [...(this.#place.sliders ?? sliders.map(() => 0))];
    positions[index] = position;
    this.#move({ sliders: positions, vector: null });
  }

  /**
   * Move the sound along its named controls, wherever it is.
   *
   * @param {import('../controls.js').ControlSteps} steps By name; the others go back to 0.
   * @throws {RequestError} There is no such control, or its steps are not a number.
   */
  setControls(steps) {
    this.#move({ controls: Object.entries(resolveControls(this.#metadata.controls, steps)) });
  }

  /**
   * Move one control and leave the others where they are.
   *
   * @param {string} name
   * @param {number} steps
   * @throws {RequestError} There is no such control, or its steps are not a number.
   */
  moveControl(name, steps) {
    const control = resolveControl(this.#metadata.controls, name);
    this.setControls({ ...Object.fromEntries(this.#place.controls), [control.name]: steps });
  }

  /**
   * Walk between the random anchors of a seed, from its first one on, as `generate` does.
   *
   * @param {number} seed
   * @throws {RequestError} It is not one.
   */
  walk(seed) {
    const checked = checkedSeed(seed, this.#stereo);
    this.#move({ seed: checked, sliders: null, vector: null }, true);
  }

  /**
   * Wander this far from the place, 0..1.
   *
   * @param {number} amount
   * @throws {RequestError} It is not such a number.
   */
  drift(amount) {
    this.#move({ drift: amount });
  }

  /**
   * Pull all of it this far to where the recordings lie, 0..1.
   *
   * @param {number} amount
   * @throws {RequestError} It is not such a number, or the model does not know where they lie.
   */
  nearness(amount) {
    this.#move({ nearness: amount });
  }

  /**
   * Let the wandering stand still, or go on.
   *
   * @param {boolean} isHeld
   */
  hold(isHeld) {
    this.#move({ hold: Boolean(isHeld) });
  }

  #sliders() {
    const sliders = this.#metadata.sliders?.sliders;
    if (sliders?.length) return sliders;
    throw new RequestError('this model has no sliders: move to a latent vector instead');
  }

  /**
   * @param {Partial<Place>} changes
   * @param {boolean} [restart]
   */
  #move(changes, restart = false) {
    const place = makePlace({ ...this.#place, ...changes });
    checkPlace(place, this.#metadata);
    this.#place = place;
    this.#ask(place, restart);
  }
}
