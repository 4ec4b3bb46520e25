/** Whether slider positions that were kept still mean on a model what they meant then. */

import { Float, dumps } from './python-json.js';
import { sha256 } from './sha256.js';
import { firstLabel } from './sliders.js';

/** @typedef {import('./metadata-types.js').SliderBank} SliderBank */

/** @type {WeakMap<SliderBank, string>} */
const known = new WeakMap();

/**
 * A SHA-256 of all that decides where a model's sliders lead, not of their ranges: the same for all
 * variants of a model, and another after another training or analysis. The labels in it are the
 * training program's: those of an artifact were measured on its sound.
 *
 * @param {SliderBank | null} bank
 */
export function sliderFingerprint(bank) {
  if (bank === null) return sha256(dumps(null));
  let fingerprint = known.get(bank);
  if (fingerprint === undefined) {
    fingerprint = sha256(
      dumps([
        bank.mean.map(float),
        bank.sliders.map((slider) => [
          firstLabel(slider),
          float(slider.step_size),
          slider.component.map(float),
        ]),
      ]),
    );
    known.set(bank, fingerprint);
  }
  return fingerprint;
}

/** @param {number} value */
function float(value) {
  return new Float(value);
}
