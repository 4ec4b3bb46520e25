/**
 * Recipes: what it takes to make a sound again, carried in its file (docs/python.md).
 *
 * The document is Python's, key for key: `distill-run reproduce` reads it.
 */

import { Blend } from './blend.js';
import { brief, isText } from './checks.js';
import { PRECISIONS } from './contract.js';
import { RequestError } from './errors.js';
import { JsonFields } from './json-fields.js';
import { performanceDocument, performanceFrom } from './live/performance.js';
import { Float, dumps } from './python-json.js';
import { rowSeeds } from './request.js';
import { SEED_LIMIT } from './seeds.js';
import { stereoDocument, stereoFromDocument } from './stereo-document.js';
import { VERSION as LIBRARY_VERSION } from './version.js';

/** @typedef {import('./request.js').Request} Request */

const FORMAT = 'distill.recipe';
const VERSION = 1;
const MAX_BYTES = 2 ** 20;

/**
 * An artifact as a recipe names it.
 *
 * @typedef {object} Ingredient
 * @property {string} name Of the file, without its folder.
 * @property {string} sha256 Of the file.
 * @property {string} modelId
 * @property {'float32' | 'float16' | 'int8'} precision
 * @property {number} weight In the blend, as it was given.
 */

/**
 * How a sound was made.
 *
 * @typedef {object} Recipe
 * @property {Request} request
 * @property {Ingredient[]} ingredients In the order of the blend.
 * @property {string | null} blendMode "latent" or "audio" where there are several.
 * @property {string} runtime What made it.
 * @property {string} onnxruntime Its version.
 * @property {string} provider "cpu", which WebAssembly is too, or "cuda".
 * @property {number} threads
 * @property {{container: string, bitDepth: number | null} | null} audioFormat Of the file that
 *   carries it.
 * @property {import('./live/performance.js').Performance | null} [performance] What was played by
 *   hand, if it was: of the request, only duration and stereo count then.
 */

/**
 * The recipe of a request.
 *
 * @param {Blend} blend
 * @param {Request} request
 * @returns {Recipe}
 */
export function recipeOf(blend, request) {
  const [first] = blend.renderers;
  return {
    request,
    ingredients: blend.artifacts.map((artifact, i) => ({
      name: artifact.name,
      sha256: artifact.sha256,
      modelId: artifact.metadata.model.id,
      precision: artifact.metadata.precision,
      weight: blend.weights[i],
    })),
    blendMode: blend.isSingle ? null : blend.mode,
    // Rounded otherwise than in Python: a reader must be able to tell.
    runtime: `${LIBRARY_VERSION} (JavaScript)`,
    onnxruntime: first.onnxruntime,
    provider: 'cpu',
    threads: first.threads,
    audioFormat: null,
  };
}

/**
 * The recipe of what was played by hand.
 *
 * @param {import('./artifact.js').Artifact} artifact
 * @param {Request} request
 * @param {import('./live/performance.js').Performance} performance
 * @returns {Recipe}
 */
export function performanceRecipe(artifact, request, performance) {
  // Each place of a performance has a nearness of its own.
  return { ...recipeOf(Blend.of(artifact), { ...request, nearness: null }), performance };
}

/**
 * A recipe as compact JSON in ASCII, which every tag can hold.
 *
 * @param {Recipe} recipe
 */
export function recipeJson({ request, audioFormat, performance, ...recipe }) {
  const { stereo } = request;
  return dumps({
    format: FORMAT,
    version: VERSION,
    runtime: recipe.runtime,
    onnxruntime: recipe.onnxruntime,
    provider: recipe.provider,
    threads: recipe.threads,
    artifacts: recipe.ingredients.map((ingredient) => ({
      name: ingredient.name,
      sha256: ingredient.sha256,
      model_id: ingredient.modelId,
      precision: ingredient.precision,
      weight: new Float(ingredient.weight),
    })),
    blend_mode: recipe.blendMode,
    seed: request.seed,
    duration_s: new Float(request.durationS),
    mode: request.mode,
    sliders: request.sliders,
    latent_vector: request.latentVector && Array.from(request.latentVector, (x) => new Float(x)),
    evolution: new Float(request.evolution),
    ...(request.controls && { controls: request.controls }),
    ...(request.nearness !== null && { nearness: new Float(request.nearness) }),
    stereo: stereoDocument(stereo),
    sample_rate_hz: request.sampleRateHz,
    audio_format: audioFormat && {
      container: audioFormat.container,
      bit_depth: audioFormat.bitDepth,
    },
    ...(request.fadeInS && { fade_in_s: new Float(request.fadeInS) }),
    ...(request.fadeOutS && { fade_out_s: new Float(request.fadeOutS) }),
    ...(request.loop && { loop: true }),
    ...(performance && { performance: performanceDocument(performance, rowSeeds(request).length) }),
  });
}

/**
 * Read a recipe: `distill-run`'s, or one of this library.
 *
 * @param {string} text The comment of an audio file, or a sidecar of `distill-run`.
 * @returns {{request: import('./request.js').RequestOptions, recipe: Omit<Recipe, 'request'>}} What
 *   to give to `generate` (its rate may be one that is not made here), and the rest.
 * @throws {RequestError} It is not a recipe, or of another version, or a field is not right.
 */
export function readRecipe(text) {
  const document = 'the recipe';
  if (!isText(text) || !text.trimStart().startsWith('{') || text.length > MAX_BYTES) {
    throw new RequestError('it carries no recipe: neither distill-run nor this library wrote it');
  }
  const fields = JsonFields.parse(text, { document, error: RequestError });
  const format = fields.text('format');
  if (format !== FORMAT) {
    throw new RequestError(`${document} has the format ${brief(format)}, not "${FORMAT}"`);
  }
  const version = fields.integer('version', 1, 2 ** 31);
  if (version !== VERSION) {
    throw new RequestError(
      `${document} has version ${version}, this program reads version ${VERSION}: take a newer version ` +
        'of this program',
    );
  }
  const ingredients = fields.sections('artifacts').map(ingredient);
  if (!ingredients.length) throw new RequestError(`${document} names no artifact`);
  if (fields.has('performance') && ingredients.length > 1) {
    throw new RequestError(
      `${document} is played on ${ingredients.length} artifacts, expected one`,
    );
  }
  return {
    request: requestOf(fields),
    recipe: {
      ingredients,
      blendMode: fields.optional('blend_mode', (key) => fields.text(key)),
      runtime: fields.text('runtime'),
      onnxruntime: fields.text('onnxruntime'),
      provider: fields.oneOf('provider', ['cpu', 'cuda']),
      threads: fields.integer('threads', 1, 256),
      audioFormat: fields.optional('audio_format', (key) => {
        const section = fields.section(key);
        return {
          container: section.text('container'),
          bitDepth: section.optional('bit_depth', (depth) => section.integer(depth, 1, 64)),
        };
      }),
      performance: fields.has('performance')
        ? performanceFrom(fields.section('performance'))
        : null,
    },
  };
}

/**
 * @param {JsonFields} fields
 * @returns {Ingredient}
 */
function ingredient(fields) {
  const name = fields.text('name');
  if (name === '' || /[/\\]/.test(name)) {
    throw new RequestError(`a recipe names artifacts by their file names, not by ${brief(name)}`);
  }
  return {
    name,
    sha256: fields.text('sha256'),
    modelId: fields.text('model_id'),
    precision: fields.oneOf('precision', PRECISIONS),
    weight: fields.number('weight'),
  };
}

/**
 * @param {JsonFields} fields
 * @returns {import('./request.js').RequestOptions}
 */
function requestOf(fields) {
  return {
    durationS: fields.number('duration_s'),
    seed: fields.integer('seed', 0, SEED_LIMIT - 1),
    mode: fields.text('mode'),
    sliders: fields.optional('sliders', (key) => fields.numbers(key)),
    latentVector: fields.optional('latent_vector', (key) => fields.numbers(key)),
    evolution: fields.number('evolution'),
    controls: fields.has('controls') ? fields.allNumbers('controls') : null,
    nearness: fields.has('nearness') ? fields.number('nearness') : null,
    stereo: stereoFromDocument(fields.section('stereo')),
    ...(fields.has('fade_in_s') && { fadeInS: fields.number('fade_in_s') }),
    ...(fields.has('fade_out_s') && { fadeOutS: fields.number('fade_out_s') }),
    ...(fields.has('loop') && { loop: fields.flag('loop') }),
    sampleRateHz: fields.integer('sample_rate_hz', 1, 2 ** 31),
  };
}
