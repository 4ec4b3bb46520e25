/** Making elements: a tag, its properties, its children. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, `text`, `on` (event -> listener), `data` (name -> value);
 *   `false` and `null` leave an attribute out, `true` sets it empty, all else is the attribute's text.
 * @param {...(Node | string | null | false | undefined)} children
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') {
      for (const [event, listener] of Object.entries(value))
        element.addEventListener(event, listener);
    } else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'text') element.textContent = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(
    ...children.filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

let count = 0;

/** An id that no other element has. */
export function freshId() {
  count += 1;
  return `d${count}`;
}

/**
 * A button with a picture, and a name for those who do not see it.
 *
 * @param {object} options
 * @param {SVGElement} options.icon
 * @param {string} options.label
 * @param {(event: Event) => void} options.onClick
 * @param {string} [options.class]
 * @param {boolean} [options.isTextShown]
 * @returns {HTMLButtonElement}
 */
export function iconButton({
  icon,
  label,
  onClick,
  class: name = 'icon-button',
  isTextShown = false,
}) {
  return h(
    'button',
    {
      type: 'button',
      class: name,
      title: isTextShown ? null : label,
      'aria-label': isTextShown ? null : label,
      on: { click: onClick },
    },
    icon,
    isTextShown && h('span', { text: label }),
  );
}
