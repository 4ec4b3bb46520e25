/**
 * Every error that the library throws on purpose.
 *
 * Each message is one line: what was found, what was expected, what to do.
 *
 *     DistillError
 *     ├── InputError          what was handed in is not what it should be
 *     │   ├── ArtifactError   no artifact, not one of ours, or not of this contract
 *     │   └── RequestError    a duration, a seed, a preset, a latent vector out of bounds
 *     └── FailureError        the input is fine, the work could not be done
 *         ├── BackendError    onnxruntime refused or failed
 *         └── CancelledError  the caller gave the work up
 */

/** Base of every error that is thrown on purpose. */
export class DistillError extends Error {
  /**
   * @param {string} message
   * @param {{setting?: string | null, cause?: unknown}} [options]
   *   `setting`: the option that the message speaks of, as it is written there: "durationS".
   */
  constructor(message, { setting = null, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DistillError';
    /** @type {string | null} The option that the message speaks of, null if it speaks of none. */
    this.setting = setting;
  }
}

/** What was handed in is not what it should be. */
export class InputError extends DistillError {
  name = 'InputError';
}

/** There is no artifact, it is not one of ours, or it does not keep the contract. */
export class ArtifactError extends InputError {
  name = 'ArtifactError';
}

/** A duration, a seed, a preset, a latent vector or another setting is out of bounds. */
export class RequestError extends InputError {
  name = 'RequestError';
}

/** The input is fine, but the work could not be done. */
export class FailureError extends DistillError {
  name = 'FailureError';
}

/** Running the artifact failed in onnxruntime. */
export class BackendError extends FailureError {
  name = 'BackendError';
}

/** The caller gave the work up before it was done. */
export class CancelledError extends FailureError {
  name = 'CancelledError';
}
