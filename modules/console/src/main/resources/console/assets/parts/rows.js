// A table of any length of which only what is seen is in the document.

import {h, onceAFrame} from '../lib/dom.js';

/**
 * `columns` as for `table`; `make(item)` gives `{element, update(item)}` of a row that is `height` high. Answers
 * `{element, set(items), touch()}`: `set` for another list, `touch` when items changed in place.
 */
export function endlessTable(label, columns, {height, most, keyOf, make}) {
  const before = h('tr', {'aria-hidden': 'true', class: 'gap'}, h('td', {colspan: columns.length}));
  const after = h('tr', {'aria-hidden': 'true', class: 'gap'}, h('td', {colspan: columns.length}));
  const body = h('tbody', {}, before, after);
  const grid = h('table', {'aria-label': label}, h('thead', {}, h('tr', {}, columns.map(column =>
    h('th', {scope: 'col', class: column.class}, column.title)))), body);
  const element = h('div', {class: 'table endless', tabIndex: 0, role: 'region', 'aria-label': label}, grid);
  element.style.maxHeight = `${most}px`;
  let items = [];
  const parts = new Map();

  function draw() {
    const room = element.clientHeight || most;
    const first = Math.max(0, Math.floor(element.scrollTop / height) - 6);
    const last = Math.min(items.length, first + Math.ceil(room / height) + 12);
    before.firstChild.style.height = `${first * height}px`;
    after.firstChild.style.height = `${(items.length - last) * height}px`;
    before.hidden = first === 0;
    after.hidden = last === items.length;
    const seen = new Set();
    let place = before.nextSibling;
    for (let index = first; index < last; index++) {
      const item = items[index];
      const key = keyOf(item);
      seen.add(key);
      let part = parts.get(key);
      if (!part) parts.set(key, part = make(item));
      part.update(item);
      part.element.setAttribute('aria-rowindex', index + 2);
      if (part.element === place) place = place.nextSibling;
      else body.insertBefore(part.element, place);
    }
    for (const [key, part] of parts) {
      if (!seen.has(key)) {
        part.element.remove();
        parts.delete(key);
      }
    }
  }

  const soon = onceAFrame(draw);
  element.addEventListener('scroll', soon, {passive: true});
  new ResizeObserver(soon).observe(element);
  return {element, touch: soon, set(now) {
    items = now;
    grid.setAttribute('aria-rowcount', now.length + 1);
    soon();
  }, reveal(key) {
    const index = items.findIndex(item => keyOf(item) === key);
    if (index < 0) return;
    element.scrollTop = Math.max(0, index * height - 2 * height);
    draw();
    const part = parts.get(key);
    part?.element.classList.add('found');
    setTimeout(() => part?.element.classList.remove('found'), 1600);
  }};
}
