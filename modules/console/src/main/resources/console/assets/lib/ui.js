// The parts that pages are made of.

import {h, fill, say} from './dom.js';
import {isAbort} from './api.js';
import {icon} from './icons.js';
import {ago, moment, shortDigest, words} from './format.js';

/** A state in words, with a mark of its own colour and form. */
export function badge(state, text = words(state)) {
  return h('span', {class: `badge is-${state}`}, h('span', {class: 'mark', 'aria-hidden': 'true'}), text);
}

export function button(text, {icon: name, kind = '', on, title, ...more} = {}) {
  return h('button', {type: 'button', class: `button ${kind}`, title, on: on ? {click: on} : {}, ...more},
    name && icon(name), h('span', {text}));
}

export function linkButton(text, href, {icon: name, kind = ''} = {}) {
  return h('a', {class: `button ${kind}`, href}, name && icon(name), h('span', {text}));
}

/** The top of a page: what it is, a line about it, what can be done. */
export function heading(title, about, ...actions) {
  return h('header', {class: 'heading'},
    h('div', {class: 'titles'}, typeof title === 'string' ? h('h1', {text: title}) : title, about && h('p', {class: 'quiet'}, about)),
    h('div', {class: 'actions'}, ...actions));
}

export function section(title, ...children) {
  return h('section', {class: 'card'}, title && h('h2', {text: title}), ...children);
}

/** A time that says how long ago, as long as it is there, and the moment itself to whoever looks closer. */
export function when(time) {
  return retime(h('time', {class: 'ago'}), time);
}

/** Another time in the place of one. */
export function retime(element, time) {
  if (element.getAttribute('datetime') !== (time ?? '')) {
    element.setAttribute('datetime', time ?? '');
    element.title = moment(time);
  }
  say(element, ago(time));
  return element;
}

/** What was a minute ago is two minutes ago a minute later. */
export function keepTime() {
  setInterval(() => {
    if (!document.hidden) document.querySelectorAll('time.ago').forEach(element => say(element, ago(element.getAttribute('datetime'))));
  }, 5000);
}

/** Makes a digest short, and its whole text one click away. */
export function digest(text) {
  if (!text) return h('span', {class: 'quiet', text: '–'});
  return h('span', {class: 'digest'}, h('code', {title: text, text: shortDigest(text)}), copyButton(text, 'Copy the digest'));
}

export function copyButton(text, label) {
  const element = h('button', {type: 'button', class: 'bare', 'aria-label': label, title: label, on: {click: async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast('Copied');
    } catch {
      toast(text);
    }
  }}}, icon('copy'));
  return element;
}

/** A share as a bar; `tone` is a state's. */
export function meter(label, part, whole, tone = 'accent') {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  return h('div', {class: `meter is-${tone}`, role: 'meter', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': whole || 1,
    'aria-valuenow': part, vars: {'--share': `${share * 100}%`}}, h('span'));
}

/** What one sees where there is nothing yet: why, and what to do. */
export function empty(name, title, text, ...actions) {
  return h('div', {class: 'empty'}, h('div', {class: 'emblem'}, icon(name)), h('h2', {text: title}), h('p', {class: 'quiet', text}),
    actions.length > 0 && h('div', {class: 'actions'}, ...actions));
}

/** What went wrong: the words, each field's own, and the id that finds it in the platform's logs. */
export function failure(thrown, again) {
  return h('div', {class: 'failure', role: 'alert'}, icon('alert'),
    h('div', {},
      h('p', {class: 'said', text: thrown.message ?? String(thrown)}),
      thrown.details?.length > 0 && h('ul', {}, thrown.details.map(one => h('li', {}, h('strong', {text: words(one.field)}), ` ${one.message}`))),
      h('p', {class: 'fine'},
        thrown.code && h('code', {text: thrown.code}),
        thrown.requestId && h('span', {}, ' request ', h('code', {text: thrown.requestId})))),
    again && button('Try again', {on: again, kind: 'small'}));
}

/** Where loading takes a while: the place it will take, so that nothing jumps. */
export function skeleton(rows = 5) {
  return h('div', {class: 'skeleton', 'aria-hidden': 'true'}, Array.from({length: rows}, () => h('span')));
}

const toasts = h('div', {class: 'toasts', role: 'status', 'aria-live': 'polite'});

export function toast(text, {kind = '', forMs = 4000} = {}) {
  // What lies outside of an open dialog is under it, and silent.
  const over = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (toasts.parentNode !== over) over.append(toasts);
  const element = h('div', {class: `toast ${kind}`, text});
  toasts.append(element);
  setTimeout(() => element.remove(), forMs);
}

export const complain = thrown =>
  toast(`${thrown.message}${thrown.requestId ? ` (${thrown.code}, request ${thrown.requestId})` : ''}`, {kind: 'bad', forMs: 9000});

/** A button that works while it works: no second click, and what went wrong is said. It keeps the focus, so it is not disabled. */
export function doing(element, work) {
  let busy = false;
  element.addEventListener('click', async () => {
    if (busy) return;
    busy = true;
    element.setAttribute('aria-disabled', 'true');
    element.classList.add('busy');
    try {
      await work();
    } catch (thrown) {
      if (!isAbort(thrown)) complain(thrown);
    } finally {
      busy = false;
      element.removeAttribute('aria-disabled');
      element.classList.remove('busy');
    }
  });
  return element;
}

/** A dialog over the page, gone when it is closed: by its buttons, Escape, another page, the end of the session. */
export function modal(title, ...content) {
  const dialog = h('dialog', {class: 'dialog', 'aria-label': title}, h('h2', {text: title}), ...content);
  dialog.addEventListener('close', () => {
    if (dialog.contains(toasts)) document.body.append(toasts);
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export const closeDialogs = () => document.querySelectorAll('dialog[open]').forEach(dialog => dialog.close());

/** Asks before something that cannot be taken back. */
export function confirm(title, text, yes, kind = 'danger') {
  return new Promise(resolve => {
    const dialog = modal(title, h('p', {text}),
      h('div', {class: 'actions'},
        button('Cancel', {on: () => dialog.close('')}),
        button(yes, {kind, on: () => dialog.close('yes')})));
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'));
  });
}

/**
 * Tabs whose names are in the address. `parts`: name → `{title, show(panel)}`; a panel is made when it is first shown.
 */
export function tabs(label, parts, first, onChoose) {
  const made = new Map();
  const panels = h('div', {class: 'panels'});
  const buttons = new Map();
  const bar = h('div', {class: 'tabs', role: 'tablist', 'aria-label': label, on: {keydown: event => {
    const names = [...buttons.keys()];
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    const at = names.findIndex(name => buttons.get(name).getAttribute('aria-selected') === 'true');
    const next = names[(at + step + names.length) % names.length];
    choose(next);
    buttons.get(next).focus();
  }}});
  for (const [name, part] of Object.entries(parts)) {
    const tab = h('button', {type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}`, on: {click: () => choose(name)}},
      part.title, part.count);
    buttons.set(name, tab);
    bar.append(tab);
    const panel = h('div', {role: 'tabpanel', id: `panel-${name}`, 'aria-labelledby': `tab-${name}`, hidden: true});
    panels.append(panel);
  }
  function choose(name) {
    for (const [other, tab] of buttons) {
      const chosen = other === name;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      panels.querySelector(`#panel-${other}`).hidden = !chosen;
    }
    if (!made.has(name)) {
      made.set(name, true);
      parts[name].show(panels.querySelector(`#panel-${name}`));
    }
    onChoose?.(name);
  }
  choose(parts[first] ? first : Object.keys(parts)[0]);
  return {element: h('div', {class: 'tabbed'}, bar, panels), choose};
}

/** One field of a form: label, control, hint, and a place for what is wrong with it. */
export function field(label, control, {hint, name} = {}) {
  const id = `field-${name}`;
  control.id = id;
  if (name) control.setAttribute('name', name);
  const notes = [hint && `${id}-hint`, `${id}-wrong`].filter(Boolean).join(' ');
  control.setAttribute('aria-describedby', notes);
  const wrong = h('p', {class: 'wrong', id: `${id}-wrong`, hidden: true});
  const element = h('div', {class: 'field'}, h('label', {for: id, text: label}), control,
    hint && h('p', {class: 'hint', id: `${id}-hint`}, hint), wrong);
  return {element, control, name, complain(text) {
    say(wrong, text ?? '');
    wrong.hidden = !text;
    if (text) control.setAttribute('aria-invalid', 'true');
    else control.removeAttribute('aria-invalid');
  }};
}

/** Puts what the API said of single fields beside them; answers whether all of it found a place. */
export function blame(fields, thrown) {
  fields.forEach(one => one.complain(null));
  let placed = (thrown?.details ?? []).length > 0;
  for (const detail of thrown?.details ?? []) {
    const found = fields.find(one => detail.field === one.name || detail.field.endsWith(`.${one.name}`)
      || ['.', '['].some(next => detail.field.startsWith(one.name + next)));
    if (found) found.complain(detail.message);
    else placed = false;
  }
  fields.find(one => one.control.getAttribute('aria-invalid'))?.control.focus();
  return placed;
}

/** Names and what they stand for. */
export function facts(pairs) {
  return h('dl', {class: 'facts'}, Object.entries(pairs).filter(([, value]) => value !== undefined).map(([name, value]) =>
    h('div', {}, h('dt', {text: name}), h('dd', {}, value instanceof Node ? value : String(value ?? '–')))));
}

/** A table whose rows become cards where there is little room. */
export function table(label, columns, body = h('tbody')) {
  return {body, element: h('div', {class: 'table'}, h('table', {'aria-label': label},
    h('thead', {}, h('tr', {}, columns.map(column =>
      h('th', {scope: 'col', class: column.class}, column.title || h('span', {class: 'unseen', text: column.label}))))), body))};
}

export function row(columns, cells, props = {}) {
  return h('tr', props, cells.map((cell, index) => h('td', {'data-label': columns[index].title ?? '', class: columns[index].class}, cell)));
}

/** The state of a live connection, small, at the side. */
export function liveness() {
  const text = h('span', {text: 'connecting'});
  const element = h('span', {class: 'liveness is-connecting', role: 'status'}, h('span', {class: 'mark', 'aria-hidden': 'true'}), text);
  return {element, set(state) {
    element.className = `liveness is-${state}`;
    say(text, {connecting: 'connecting', live: 'live', resting: 'resting', lost: 'connection lost, trying again', over: 'ended'}[state]);
  }};
}
