/** What the page needs of a browser, and what it says if that is not there. */

// A module with one function that makes a vector: `(func (result v128) i32.const 0 i8x16.splat)`.
const SIMD_MODULE = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  8,
  1,
  6,
  0,
  65,
  0,
  253,
  15,
  11,
);

/** A sentence about what is missing, or null. */
export function missingAbility() {
  if (typeof WebAssembly !== 'object') {
    return (
      'WebAssembly is switched off or not there, and all sound is made with it. Allow it for this page, or ' +
      'open the page in a current Chrome, Edge, Firefox or Safari.'
    );
  }
  if (!WebAssembly.validate(SIMD_MODULE)) {
    return (
      'Its WebAssembly has no SIMD, which the sound is made with. Open the page in a current Chrome, Edge, ' +
      'Firefox or Safari.'
    );
  }
  if (typeof Worker !== 'function' || typeof AudioContext !== 'function') {
    return 'It has no workers or no Web Audio. Open the page in a current Chrome, Edge, Firefox or Safari.';
  }
  return null;
}
