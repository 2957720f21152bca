// Signing in: a key, tried at once.

import {h, fill} from '../lib/dom.js';
import {get} from '../lib/api.js';
import {session} from '../lib/session.js';
import {failure, field} from '../lib/ui.js';

export function signIn(app) {
  const key = field('API key', h('input', {type: 'password', autocomplete: 'off', spellcheck: 'false', required: true, placeholder: 'sgk_…'}),
    {name: 'key', hint: 'The first start printed one and wrote it to var/super-admin.key. Administrators make more.'});
  const keep = h('input', {type: 'checkbox', id: 'keep', checked: true});
  const said = h('div');
  const enter = h('button', {type: 'submit', class: 'button primary wide'}, h('span', {text: 'Sign in'}));
  const form = h('form', {on: {submit: async event => {
    event.preventDefault();
    const typed = key.control.value.trim();
    key.complain(typed ? null : 'A key is needed to enter.');
    if (!typed) return;
    enter.disabled = true;
    fill(said);
    try {
      const who = await get('/v1/me', {key: typed});
      session.begin(typed, who, keep.checked);
    } catch (thrown) {
      if (thrown.status === 401) key.complain('This key is not taken. It may be misspelt, revoked or expired.');
      else fill(said, failure(thrown));
      enter.disabled = false;
      key.control.focus();
    }
  }}},
  key.element,
  h('label', {class: 'check', for: 'keep'}, keep, h('span', {text: 'Keep it until this tab closes'})),
  enter, said);
  document.title = 'Sign in · ScaiBunker';
  fill(app, h('main', {class: 'signin'},
    h('div', {class: 'panel'},
      h('img', {src: '/console/assets/icon.svg', alt: '', width: 40, height: 40}),
      h('h1', {text: 'ScaiBunker'}),
      h('p', {class: 'quiet', text: 'Images, baked once. Machines, wherever they are ready.'}),
      session.ended && h('p', {class: 'notice', role: 'alert', text: session.ended}),
      form),
    h('p', {class: 'fine'}, h('a', {href: '/docs', text: 'API documentation'}))));
  key.control.focus();
}
