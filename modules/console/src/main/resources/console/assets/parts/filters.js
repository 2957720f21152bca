// Narrowing a list down.

import {h} from '../lib/dom.js';
import {icon} from '../lib/icons.js';

export function searchBox(label, value, onChange) {
  return h('div', {class: 'search'}, icon('search'),
    h('input', {type: 'search', 'aria-label': label, placeholder: label, value, on: {input: event => onChange(event.target.value.trim())}}));
}

/** One of a few, as buttons. `options`: value → title. */
export function choice(label, options, chosen, onChange) {
  const element = h('div', {class: 'choice', role: 'group', 'aria-label': label});
  for (const [value, title] of Object.entries(options)) {
    element.append(h('button', {type: 'button', 'aria-pressed': String(value === chosen || chosen === 'all' && value === ''), on: {click: event => {
      for (const other of element.children) other.setAttribute('aria-pressed', String(other === event.currentTarget));
      onChange(value);
    }}}, title));
  }
  return element;
}
