// What an audio thread really played, against what a recording says was played.

/** Numbers that crossed from a page as base64. */
export function numbers(base64, Kind = Float32Array) {
  const bytes = Buffer.from(base64, 'base64');
  return new Kind(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/**
 * Find a recording in what was heard, where it may be torn by silence: what was not ready.
 *
 * @param {Float32Array[]} heard Rows of samples, with silence at the beginning.
 * @param {Float32Array[]} recorded
 * @returns {{at: Int32Array, gaps: number, missed: number, end: number}} `at`: where each of the
 *   recording's samples was heard. `gaps`, of `missed` samples in all. `end`: where it was last heard.
 * @throws {Error} A sample was heard otherwise.
 */
export function find(heard, recorded) {
  const at = new Int32Array(recorded[0].length);
  // A recording may itself begin with silence.
  let place = firstSound(heard) - firstSound(recorded);
  let gaps = 0;
  let missed = 0;
  let wasGap = false;
  for (let i = 0; i < at.length;) {
    if (place >= heard[0].length) throw new Error(`nothing was heard from sample ${i} on`);
    const isGap = !heard.every((row, channel) => row[place] === recorded[channel][i]);
    if (isGap) {
      if (!isSilent(heard, place)) throw new Error(`sample ${i} was heard otherwise`);
      gaps += wasGap ? 0 : 1;
      missed += 1;
    } else {
      at[i] = place;
      i += 1;
    }
    wasGap = isGap;
    place += 1;
  }
  return { at, gaps, missed, end: place };
}

function firstSound(rows) {
  return rows[0].findIndex((_, i) => !isSilent(rows, i));
}

function isSilent(rows, i) {
  return rows.every((row) => row[i] === 0);
}
