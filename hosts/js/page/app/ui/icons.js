/** The page's pictograms, drawn with lines on a grid of 24. */

const NAMESPACE = 'http://www.w3.org/2000/svg';

const PATHS = Object.freeze({
  play: ['M8 5.5v13l10.5-6.5z'],
  pause: ['M8 5.5v13', 'M16 5.5v13'],
  stop: ['M7 7h10v10H7z'],
  loop: ['M17 3l3 3-3 3', 'M20 6H9a5 5 0 0 0-5 5v1', 'M7 21l-3-3 3-3', 'M4 18h11a5 5 0 0 0 5-5v-1'],
  download: ['M12 4v11', 'M7.5 11l4.5 4.5 4.5-4.5', 'M5 20h14'],
  dice: [
    'M6 4h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z',
    'M8.5 8.5h.01',
    'M15.5 8.5h.01',
    'M12 12h.01',
    'M8.5 15.5h.01',
    'M15.5 15.5h.01',
  ],
  shuffle: [
    'M3 7h3.5c5 0 5.5 10 10.5 10H21',
    'M3 17h3.5c1.6 0 2.7-1 3.6-2.4',
    'M14 9.2c.8-1.3 1.8-2.2 3.2-2.2H21',
    'M18.5 4.5L21 7l-2.5 2.5',
    'M18.5 14.5L21 17l-2.5 2.5',
  ],
  reset: ['M4.5 12a7.5 7.5 0 1 0 2.5-5.6', 'M4 4v4.5h4.5'],
  lock: ['M6.5 11h11v8.5h-11z', 'M8.5 11V8a3.5 3.5 0 0 1 7 0v3'],
  unlock: ['M6.5 11h11v8.5h-11z', 'M8.5 11V8a3.5 3.5 0 0 1 6.7-1.4'],
  trash: ['M5 7h14', 'M10 7V4.5h4V7', 'M7 7l.8 12.5h8.4L17 7', 'M10.5 10.5v6', 'M13.5 10.5v6'],
  link: [
    'M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1',
    'M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1',
  ],
  search: ['M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z', 'M15.5 15.5L20 20'],
  folder: ['M3.5 7V18.5h17V8.5H12L10 6H3.5z'],
  pencil: ['M5 19l1-4L16 5l3 3L9 18z', 'M14 7l3 3'],
  upload: ['M12 16V5', 'M7.5 9L12 4.5 16.5 9', 'M5 20h14'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  wave: ['M3 12h2l2-6 3.5 12 3-15 3 12 1.5-3H21'],
  record: ['M12 17.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11z'],
  back: ['M14.5 5.5L8 12l6.5 6.5'],
  plus: ['M12 5v14', 'M5 12h14'],
  knob: ['M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z', 'M12 12l3.5-5'],
  help: [
    'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z',
    'M9.7 9.5a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1.1.8-1.1 1.8',
    'M12 16.5h.01',
  ],
  star: ['M12 4.5l2.3 4.8 5.2.7-3.8 3.6.9 5.2-4.6-2.5-4.6 2.5.9-5.2L4.5 10l5.2-.7z'],
});

/**
 * @param {keyof typeof PATHS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(NAMESPACE, 'svg');
  for (const [attribute, value] of Object.entries({
    viewBox: '0 0 24 24',
    width: '20',
    height: '20',
    'aria-hidden': 'true',
    focusable: 'false',
    class: `icon icon-${name}`,
  })) {
    svg.setAttribute(attribute, value);
  }
  for (const d of PATHS[name]) {
    const path = document.createElementNS(NAMESPACE, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
