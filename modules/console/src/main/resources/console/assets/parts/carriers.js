// Where a vulnerability is: which images carry it, and what runs from them.

import {h, fill} from '../lib/dom.js';
import {all} from '../lib/api.js';
import {plural} from '../lib/format.js';
import {badge, button, failure} from '../lib/ui.js';
import {note} from '../lib/router.js';

export function carriers(first, signal) {
  const input = h('input', {type: 'search', 'aria-label': 'A vulnerability\'s name', placeholder: 'CVE-2023-38545', value: first, autocomplete: 'off', spellcheck: 'false'});
  const said = h('div', {'aria-live': 'polite'});
  const look = async () => {
    const id = input.value.trim();
    note({cve: id});
    if (!id) {
      fill(said);
      return;
    }
    try {
      const found = await all('/vulnerabilities', {query: {id}, signal});
      fill(said, found.length ? h('ul', {class: 'things'}, found.map(one => h('li', {},
        h('div', {class: 'what'}, h('a', {class: 'name', href: `/console/images/${one.image_id}?tab=findings`, text: one.image_name}),
          h('span', {class: 'sub', text: one.findings.map(finding => `${finding.package} ${finding.installed}${finding.fixed ? `, fixed in ${finding.fixed}` : ''}`).join('; ')})),
        badge(one.findings[0]?.severity ?? 'unknown'), h('span', {class: 'quiet', text: `${plural(one.workers.length, 'worker')}, ${plural(one.bunkers.length, 'running bunker')}`}))))
        : h('p', {class: 'quiet inset', text: `No image here is known to carry ${id}.`}));
    } catch (thrown) {
      if (!signal.aborted) fill(said, failure(thrown));
    }
  };
  if (first) look();
  return h('section', {class: 'card flush'}, h('form', {class: 'cardtop', on: {submit: event => {
    event.preventDefault();
    look();
  }}}, h('h2', {text: 'Who carries a vulnerability?'}), h('div', {class: 'search bare-search'}, input), button('Look', {kind: 'small', on: look})), said);
}
