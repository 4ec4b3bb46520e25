/** Settings in the address's fragment, so that a copied link reopens the same sound. */

import { MAX_DURATION_S, LAST_SEED, initialSettings } from './settings.js';

/** @typedef {import('./settings.js').Settings} Settings */

const STEREO = ['mono', 'mid-side', 'dual-seed'];

/**
 * @param {import('../models/model.js').Model} model
 * @param {Settings} settings
 */
export function fragmentOf(model, settings) {
  const { stereo, blend, controls, nearness, fadeInS, fadeOutS } = settings;
  const fields = new URLSearchParams({
    model: model.file,
    sha: model.sha256.slice(0, 12),
    seed: String(settings.seed),
    seconds: String(settings.durationS),
    path: settings.path,
    evolution: String(settings.evolution),
  });
  if (settings.positions.some(Boolean)) fields.set('sliders', settings.positions.join(' '));
  if (settings.mode !== 'crossfade') fields.set('mode', settings.mode);
  if (stereo.mode !== 'mono') {
    fields.set('stereo', `${stereo.mode} ${stereo.width} ${stereo.depth}`);
  }
  const moved = Object.entries(controls);
  if (moved.length) fields.set('controls', JSON.stringify(Object.fromEntries(moved)));
  if (nearness !== null) fields.set('nearness', String(nearness));
  if (blend.others.length) {
    const others = blend.others.map(({ key, weight }) => `${key.slice(0, 12)}:${weight}`);
    fields.set('blend', [blend.mode, blend.weight, ...others].join(' '));
  }
  if (fadeInS || fadeOutS) fields.set('fades', `${fadeInS} ${fadeOutS}`);
  if (settings.loop) fields.set('loop', 'yes');
  if (!settings.filter) fields.set('finish', 'no');
  return `#${fields}`;
}

/**
 * What a fragment asks for.
 *
 * @param {string} fragment
 * @param {readonly import('../models/model.js').Model[]} models
 * @returns {{model: import('../models/model.js').Model | null, settings: Settings | null, wanted: string |
 *   null, isExact: boolean}} `wanted`: the file that it names. `isExact`: whether the model is the very one.
 */
export function readFragment(fragment, models) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const wanted = fields.get('model');
  if (!wanted) return { model: null, settings: null, wanted: null, isExact: false };
  const sha = fields.get('sha') ?? '';
  const exact = models.find((model) => sha && model.sha256.startsWith(sha));
  const model = exact ?? models.find(({ file }) => file === wanted) ?? null;
  if (!model) return { model, settings: null, wanted, isExact: false };
  const settings = fields.has('seed') ? settingsOf(fields, model, models) : null;
  return { model, settings, wanted, isExact: Boolean(exact) || !sha };
}

/**
 * Whatever somebody has written there, these are settings.
 *
 * @param {URLSearchParams} fields
 * @param {import('../models/model.js').Model} model
 * @param {readonly import('../models/model.js').Model[]} models
 * @returns {Settings}
 */
function settingsOf(fields, model, models) {
  const usual = initialSettings(model);
  const number = (text, least, most, fallback) => {
    const value = text ? Number(text) : NaN;
    return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : fallback;
  };
  const words = (name) => (fields.get(name) ?? '').split(' ').filter(Boolean);
  const positions = words('sliders').map((text) => number(text, -1000, 1000, 0));
  const [stereo = 'mono', width, depth] = words('stereo');
  const [blendMode, weight, ...others] = words('blend');
  const [fadeInS, fadeOutS] = words('fades').map((text) => number(text, 0, MAX_DURATION_S, 0));
  return {
    ...usual,
    seed: Math.floor(number(fields.get('seed'), 0, LAST_SEED, usual.seed)),
    durationS: number(fields.get('seconds'), 0.1, MAX_DURATION_S, usual.durationS),
    path: fields.get('path') === 'walk' || !model.sliders.length ? 'walk' : 'sliders',
    mode: fields.get('mode') === 'latent-interpolation' ? 'latent-interpolation' : 'crossfade',
    evolution: number(fields.get('evolution'), 0, 1, usual.evolution),
    positions: positions.length ? positions.slice(0, 64) : usual.positions,
    controls: controlsOf(fields.get('controls'), model),
    nearness: number(fields.get('nearness'), 0, 1, null),
    stereo: {
      mode: STEREO.includes(stereo) ? stereo : 'mono',
      width: number(width, 0, 1.5, usual.stereo.width),
      depth: number(depth, 0, 1, usual.stereo.depth),
    },
    blend: {
      mode: blendMode === 'audio' ? 'audio' : 'latent',
      weight: number(weight, 0, 100, 50),
      others: others.slice(0, 3).flatMap((text) => {
        const [sha, share] = text.split(':');
        const other = models.find(({ sha256 }) => sha.length >= 8 && sha256.startsWith(sha));
        if (!other || other === model) return [];
        return [{ key: other.key, weight: number(share, 0, 100, 50) }];
      }),
    },
    fadeInS: fadeInS ?? 0,
    fadeOutS: fadeOutS ?? 0,
    loop: fields.get('loop') === 'yes',
    filter: fields.get('finish') !== 'no',
  };
}

/**
 * @param {string | null} text
 * @param {import('../models/model.js').Model} model
 */
function controlsOf(text, model) {
  let asked;
  try {
    asked = JSON.parse(text ?? '{}');
  } catch {
    asked = {};
  }
  const entries = model.controls
    .map(({ name }) => [name, Number(asked?.[name])])
    .filter(([, steps]) => Number.isFinite(steps) && steps !== 0 && Math.abs(steps) <= 1000);
  return Object.fromEntries(entries);
}
