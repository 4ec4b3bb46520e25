/** Sliders, controls and the nearness, which randomise and reset leave alone. */

/** What a lock is called. */
export const lockOf = Object.freeze({
  /** @param {number} index */
  slider: (index) => `slider ${index}`,
  /** @param {string} name */
  control: (name) => `control ${name}`,
  nearness: 'nearness',
});
