/** Making a sound of settings: asking for it, and drawing it while it comes. */

import { partsOf, requestOf } from '../state/settings.js';
import { GrowingPicture } from './drawing.js';

/** @typedef {import('../models/model.js').Model} Model */
/** @typedef {import('../state/settings.js').Settings} Settings */

const COLUMNS = 900;

/**
 * A sound that was made here.
 *
 * @typedef {object} MadeSound
 * @property {AudioBuffer} buffer
 * @property {object} recipe
 * @property {number} gain
 * @property {boolean} silent
 * @property {number} limitedDb By how much a soft limit lowers its loudest peak.
 * @property {GrowingPicture} picture
 * @property {Settings} settings
 * @property {Model} model
 */

/**
 * @param {import('../engine/engine.js').Engine} engine
 * @param {Model} model
 * @param {Settings} settings
 * @param {object} how
 * @param {(fraction: number, picture: GrowingPicture) => void} how.onProgress What has come so far.
 * @param {AbortSignal} how.signal
 * @returns {Promise<MadeSound>}
 */
export async function makeSound(engine, model, settings, { onProgress, signal }) {
  let arriving = new GrowingPicture(COLUMNS);
  const take = ({ fraction, strip }) => {
    if (strip.first === 0) arriving = new GrowingPicture(strip.columns);
    arriving.add(strip);
    onProgress(fraction, arriving);
  };
  const what = {
    parts: partsOf(model, settings),
    blendMode: settings.blend.mode,
    request: requestOf(settings),
    filter: settings.filter,
    columns: COLUMNS,
  };
  const { channels, picture, ...sound } = await engine.generate(what, take, signal);
  const buffer = new AudioBuffer({
    length: channels[0].length,
    numberOfChannels: channels.length,
    sampleRate: 48_000,
  });
  channels.forEach((channel, i) => buffer.copyToChannel(channel, i));
  return { ...sound, buffer, picture: GrowingPicture.whole(picture), settings, model };
}
