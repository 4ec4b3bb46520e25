/** Judging an artifact's bytes before onnxruntime is given them. */

import { brief } from './checks.js';
import {
  AUDIO,
  FINISH,
  LATENTS,
  MAX_FILE_BYTES,
  MAX_IR_VERSION,
  METADATA_KEY,
  NEXT_STATE,
  OPSETS,
  STATE,
} from './contract.js';
import { ArtifactError } from './errors.js';
import { readMetadata } from './metadata.js';
import { scanOnnx } from './onnx-scan.js';

/** @typedef {import('./metadata-types.js').ArtifactMetadata} ArtifactMetadata */
/** @typedef {import('./onnx-scan.js').OnnxSummary} OnnxSummary */
/** @typedef {import('./onnx-scan.js').TensorType} TensorType */

// TensorProto.DataType
const FLOAT = 1;
const BOOL = 9;

/**
 * Check a file and read what it says of itself; its weights are not read and nothing is run.
 *
 * @param {Uint8Array} bytes The whole file.
 * @returns {ArtifactMetadata}
 * @throws {ArtifactError} It is not an artifact that this version plays.
 */
export function inspect(bytes) {
  checkKind(bytes);
  const summary = scanOnnx(bytes);
  const text = summary.metadata.get(METADATA_KEY);
  if (text === undefined) throw new ArtifactError('it is an ONNX file, but no Distill artifact');
  const metadata = readMetadata(text);
  checkModel(summary);
  checkTensors(summary, metadata);
  return metadata;
}

/**
 * Refuse what is known not to be ONNX by how it begins, and say what it is.
 *
 * @param {Uint8Array} bytes
 */
function checkKind(bytes) {
  if (!bytes.length) throw new ArtifactError('it is empty');
  if (bytes.length > MAX_FILE_BYTES) {
    throw new ArtifactError(`it is larger than an artifact can be (${bytes.length} bytes)`);
  }
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  if (start === 'PK\x03\x04') {
    throw new ArtifactError(
      'it is no ONNX file but a zip, as model files (.distill) and artifacts for PyTorch are: make an ' +
        '.onnx of the model with distill-export',
    );
  }
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5) {
    throw new ArtifactError(
      'it is no ONNX file but a pickle, as old model files are: make an .onnx of the model with ' +
        'distill-export',
    );
  }
  if (/^\s*<[!?a-zA-Z]/.test(start)) {
    throw new ArtifactError('it is no ONNX file but a web page: is its address right?');
  }
}

/** @param {OnnxSummary} summary */
function checkModel(summary) {
  if (summary.graphs !== 1 || summary.functions || summary.training) {
    throw new ArtifactError('it must hold one graph, no functions and no training information');
  }
  if (summary.ambiguous) {
    throw new ArtifactError('it holds something twice that may be there once');
  }
  if (summary.externalData) throw new ArtifactError('it refers to data outside the file');
  if (summary.irVersion > MAX_IR_VERSION) {
    throw new ArtifactError(
      `it has ONNX IR version ${summary.irVersion}, at most ${MAX_IR_VERSION} is expected`,
    );
  }
  for (const [domain, version] of summary.opsets) {
    if (domain !== '' && domain !== 'ai.onnx') {
      throw new ArtifactError(`it uses the operator domain ${brief(domain)}`);
    }
    if (version < OPSETS.first || version > OPSETS.last) {
      throw new ArtifactError(
        `it has opset ${version}, ${OPSETS.first} to ${OPSETS.last} is expected`,
      );
    }
  }
}

/**
 * @param {OnnxSummary} summary
 * @param {ArtifactMetadata} metadata
 */
function checkTensors(summary, metadata) {
  const state = { elementType: FLOAT, shape: [null, metadata.state_size] };
  /** @type {Record<string, TensorType>} */
  const inputs = {
    [LATENTS]: { elementType: FLOAT, shape: [null, null, metadata.latent_dim] },
    [STATE]: state,
    [FINISH]: { elementType: BOOL, shape: [] },
  };
  /** @type {Record<string, TensorType>} */
  const outputs = { [AUDIO]: { elementType: FLOAT, shape: [null, null] }, [NEXT_STATE]: state };
  checkValues('input', inputs, summary.inputs);
  checkValues('output', outputs, summary.outputs);
}

/**
 * @param {'input' | 'output'} kind
 * @param {Record<string, TensorType>} expected
 * @param {Map<string, TensorType | null>} found
 */
function checkValues(kind, expected, found) {
  const names = Object.keys(expected).sort();
  const foundNames = [...found.keys()].sort();
  if (names.join() !== foundNames.join()) {
    throw new ArtifactError(`its ${kind}s are ${brief(foundNames, 80)}, not ${names.join(', ')}`);
  }
  for (const name of names) {
    if (!isSameType(expected[name], found.get(name) ?? null)) {
      throw new ArtifactError(`its ${kind} "${name}" has another type or shape than said`);
    }
  }
}

/**
 * @param {TensorType} expected
 * @param {TensorType | null} found
 */
function isSameType(expected, found) {
  return (
    found !== null &&
    found.elementType === expected.elementType &&
    found.shape.length === expected.shape.length &&
    found.shape.every((length, i) => length === expected.shape[i])
  );
}
