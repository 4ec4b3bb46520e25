/** Colours of a spectrogram, from the style sheet, so that they follow light and dark. */

const STOPS = ['--sound-0', '--sound-1', '--sound-2', '--sound-3', '--sound-4'];

/**
 * A colour for each of 256 levels.
 *
 * @returns {Uint32Array} As little-endian words of an image's pixels.
 */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const stops = STOPS.map((name) => parsed(style.getPropertyValue(name)));
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const at = (level / 255) * (stops.length - 1);
    const from = Math.min(Math.floor(at), stops.length - 2);
    const [red, green, blue] = stops[from].map((value, i) =>
      Math.round(value + (stops[from + 1][i] - value) * (at - from)),
    );
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

/** Call somebody when light turns to dark, or back. */
export function onThemeChange(listener) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', listener);
}

/** @param {string} color As in #0a1b2c. */
function parsed(color) {
  const number = parseInt(color.trim().slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}
