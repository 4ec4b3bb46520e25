/**
 * A scan of an ONNX file, enough to judge it before onnxruntime sees it.
 *
 * onnxruntime has no JavaScript API for a model's metadata. An ONNX file is a protobuf message
 * though, and its top level has only a handful of fields (onnx.proto): the graph, by far the
 * largest, is one of them. Weights are skipped by their length.
 */

import { ArtifactError } from './errors.js';
import { fields, text } from './protobuf.js';

const MAX_DEPTH = 8; // of graphs within the attributes of nodes
const EXTERNAL = 1; // TensorProto.DataLocation

/**
 * @typedef {object} TensorType
 * @property {number} elementType TensorProto.DataType: 1 is float32, 9 is bool.
 * @property {(number | null)[]} shape null where the length is not fixed.
 */

/**
 * @typedef {object} OnnxSummary What a scan found.
 * @property {number} irVersion
 * @property {Map<string, number>} opsets Domain -> version.
 * @property {Map<string, string>} metadata The first text of each key.
 * @property {Map<string, TensorType | null>} inputs null: not a tensor.
 * @property {Map<string, TensorType | null>} outputs
 * @property {number} graphs
 * @property {number} functions
 * @property {number} training
 * @property {boolean} ambiguous Something is there twice, so that two readers may see two things.
 * @property {boolean} externalData
 */

/**
 * Scan an ONNX model.
 *
 * @param {Uint8Array} bytes The whole file.
 * @returns {OnnxSummary}
 * @throws {ArtifactError} It is no well-formed ONNX model.
 */
export function scanOnnx(bytes) {
  /** @type {OnnxSummary} */
  const summary = {
    irVersion: 0,
    opsets: new Map(),
    metadata: new Map(),
    inputs: new Map(),
    outputs: new Map(),
    graphs: 0,
    functions: 0,
    training: 0,
    ambiguous: false,
    externalData: false,
  };
  for (const { number, value, bytes: content } of fields(bytes)) {
    if (number === 1 && value !== null) summary.irVersion = value;
    else if (number === 7 && content) {
      summary.graphs += 1;
      scanTopGraph(content, summary);
    } else if (number === 8 && content) {
      const [domain, version] = opset(content);
      summary.ambiguous ||= summary.opsets.has(domain);
      summary.opsets.set(domain, version);
    } else if (number === 14 && content) {
      const [key, entry] = property(content);
      if (summary.metadata.has(key)) summary.ambiguous = true;
      else summary.metadata.set(key, entry);
    } else if (number === 20) summary.training += 1;
    else if (number === 25) summary.functions += 1;
    else if (number !== 26 && !(number >= 1 && number <= 6)) {
      throw new ArtifactError(`it is not an ONNX model: it has a field ${number}`);
    }
  }
  if (!summary.graphs || !summary.irVersion) throw new ArtifactError('it is not an ONNX model');
  return summary;
}

/**
 * @param {Uint8Array} graph
 * @param {OnnxSummary} summary
 */
function scanTopGraph(graph, summary) {
  for (const { number, bytes } of fields(graph)) {
    if (!bytes) continue;
    if (number === 11 || number === 12) {
      const values = number === 11 ? summary.inputs : summary.outputs;
      const [name, type] = valueInfo(bytes);
      summary.ambiguous ||= values.has(name);
      values.set(name, type);
    }
  }
  summary.externalData ||= graphHasExternalData(graph, 0);
}

/**
 * @param {Uint8Array} graph
 * @param {number} depth
 * @returns {boolean}
 */
function graphHasExternalData(graph, depth) {
  if (depth > MAX_DEPTH) throw new ArtifactError('its graph is nested too deeply');
  for (const { number, bytes } of fields(graph)) {
    if (!bytes) continue;
    if (number === 5 && tensorIsExternal(bytes)) return true;
    if (number === 15 && sparseIsExternal(bytes)) return true;
    if (number === 1 && nodeHasExternalData(bytes, depth)) return true;
  }
  return false;
}

/**
 * @param {Uint8Array} node
 * @param {number} depth
 */
function nodeHasExternalData(node, depth) {
  for (const { number, bytes } of fields(node)) {
    if (number !== 5 || !bytes) continue;
    for (const { number: kind, bytes: value } of fields(bytes)) {
      if (!value) continue;
      if ((kind === 5 || kind === 10) && tensorIsExternal(value)) return true;
      if ((kind === 6 || kind === 11) && graphHasExternalData(value, depth + 1)) return true;
      if ((kind === 22 || kind === 23) && sparseIsExternal(value)) return true;
    }
  }
  return false;
}

/** @param {Uint8Array} tensor */
function tensorIsExternal(tensor) {
  for (const { number, value } of fields(tensor)) {
    if (number === 13 || (number === 14 && value === EXTERNAL)) return true;
  }
  return false;
}

/** @param {Uint8Array} sparse */
function sparseIsExternal(sparse) {
  for (const { number, bytes } of fields(sparse)) {
    if ((number === 1 || number === 2) && bytes && tensorIsExternal(bytes)) return true;
  }
  return false;
}

/**
 * @param {Uint8Array} data
 * @returns {[string, number]}
 */
function opset(data) {
  let domain = '';
  let version = 0;
  for (const { number, value, bytes } of fields(data)) {
    if (number === 1) domain = text(bytes);
    else if (number === 2 && value !== null) version = value;
  }
  return [domain, version];
}

/**
 * @param {Uint8Array} data
 * @returns {[string, string]}
 */
function property(data) {
  let key = '';
  let content = '';
  for (const { number, bytes } of fields(data)) {
    if (number === 1) key = text(bytes);
    else if (number === 2) content = text(bytes);
  }
  return [key, content];
}

/**
 * @param {Uint8Array} data
 * @returns {[string, TensorType | null]}
 */
function valueInfo(data) {
  let name = '';
  /** @type {TensorType | null} */
  let type = null;
  for (const { number, bytes } of fields(data)) {
    if (number === 1) name = text(bytes);
    else if (number === 2 && bytes) {
      for (const { number: kind, bytes: tensor } of fields(bytes)) {
        if (kind === 1 && tensor) type = tensorType(tensor);
      }
    }
  }
  return [name, type];
}

/**
 * @param {Uint8Array} data
 * @returns {TensorType}
 */
function tensorType(data) {
  const type = { elementType: 0, shape: /** @type {(number | null)[]} */ ([]) };
  for (const { number, value, bytes } of fields(data)) {
    if (number === 1 && value !== null) type.elementType = value;
    else if (number === 2 && bytes) {
      for (const { number: inner, bytes: dimension } of fields(bytes)) {
        if (inner === 1 && dimension) type.shape.push(dimensionLength(dimension));
      }
    }
  }
  return type;
}

/** @param {Uint8Array} data */
function dimensionLength(data) {
  for (const { number, value } of fields(data)) if (number === 1 && value !== null) return value;
  return null;
}
