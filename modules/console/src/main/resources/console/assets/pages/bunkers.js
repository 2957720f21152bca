// Bunkers: the microVMs that the caller may see.

import {h, fill, keyed, say} from '../lib/dom.js';
import {all} from '../lib/api.js';
import {everySoOften} from '../lib/stream.js';
import {session} from '../lib/session.js';
import {cores, mib, number, plural} from '../lib/format.js';
import {badge, empty, failure, heading, linkButton, skeleton, table, when} from '../lib/ui.js';
import {choice, searchBox} from '../parts/filters.js';
import {note} from '../lib/router.js';

const COLUMNS = [{title: 'Bunker'}, {title: 'State'}, {title: 'Image'}, {title: 'Room'}, {title: 'Age', class: 'right tight'}];

/** In the order of a life, and asked for one after another: who moves on meanwhile is seen twice, and not missed. */
const LIVING = ['pending', 'provisioning', 'running', 'paused', 'terminating'];

/** What is asked for, and how often: those that have ended are many, and do not change. */
const VIEWS = {
  there: {statuses: LIVING, every: 2000},
  failed: {statuses: ['failed'], every: 10_000},
  all: {statuses: [''], every: 10_000},
};

export async function show(view, {query, signal}) {
  const about = h('span', {text: 'Machines of their own, started from your images.'});
  const place = h('div', {class: 'card flush'}, skeleton());
  let known = null;
  let wanted = query.get('q') ?? '';
  let which = query.get('show') in VIEWS ? query.get('show') : 'there';
  let cut = false;
  let next = 0;
  const make = () => session.may('scaibunker:create') && linkButton('Create a bunker', '/console/bunkers/new', {icon: 'plus', kind: 'primary'});
  fill(view, heading('Bunkers', about, make()), h('div', {class: 'bar'}, searchBox('Search bunkers', wanted, text => {
    wanted = text;
    note({q: text});
    draw();
  }), choice('Which', {there: 'Living', failed: 'Failed', all: 'All'}, which, value => {
    which = value;
    note({show: value === 'there' ? '' : value});
    next = 0;
    refresh();
  })), place);
  const list = table('Bunkers', COLUMNS);
  list.element.classList.add('cards');
  const update = keyed(list.body, bunker => bunker.id, bunkerRow);

  function draw() {
    if (!known) return;
    const shown = known.filter(one => `${one.name} ${one.image_name} ${one.id}`.toLowerCase().includes(wanted.toLowerCase()));
    update(shown);
    const running = known.filter(one => one.status === 'running').length;
    say(about, cut ? `The oldest ${number(known.length)} of more bunkers.` : running ? `${plural(running, 'bunker')} running`
      : 'Machines of their own, started from your images.');
    if (shown.length) {
      if (place.firstChild !== list.element) fill(place, list.element);
    } else if (known.length || which !== 'there') {
      fill(place, empty('search', 'Nothing fits', 'No bunker here is like that.'));
    } else {
      fill(place, empty('bunkers', 'No bunkers now', 'Create one from an image that is ready somewhere: it starts there, on a disk of its own.', make()));
    }
  }

  const refresh = everySoOften(2000, async () => {
    if (Date.now() < next) return;
    const asked = which;
    try {
      const found = new Map();
      let more = false;
      for (const status of VIEWS[asked].statuses) {
        const answer = await all('/bunkers', {query: {status}, signal});
        answer.forEach(one => found.set(one.id, one));
        more ||= answer.cut;
      }
      if (asked !== which) return;
      // Ids begin with the time at which they were given.
      known = [...found.values()].sort((one, other) => one.id < other.id ? 1 : -1);
      cut = more;
      next = Date.now() + VIEWS[asked].every - 1000;
      draw();
    } catch (thrown) {
      if (known === null && !signal.aborted) fill(place, failure(thrown, refresh));
      throw thrown;
    }
  }, signal);
}

function bunkerRow(bunker) {
  const state = h('td', {'data-label': 'State'});
  let shown = '';
  return {element: h('tr', {class: 'to'},
    h('td', {'data-label': 'Bunker'}, h('a', {class: 'name', href: `/console/bunkers/${bunker.id}`, text: bunker.name}),
      h('span', {class: 'sub', text: bunker.lifecycle_mode})), state,
    h('td', {'data-label': 'Image'}, h('a', {href: `/console/images/${bunker.image_id}`, text: bunker.image_name ?? bunker.image_id})),
    h('td', {'data-label': 'Room', class: 'number'}, `${cores(bunker.cpu_millicores)}, ${mib(bunker.memory_mb)}`),
    h('td', {'data-label': 'Age', class: 'right tight quiet'}, when(bunker.created_at))),
  update(now) {
    const text = now.status + (now.failure?.code ?? '');
    if (shown === text) return;
    shown = text;
    fill(state, badge(now.status), now.failure && h('span', {class: 'sub error', text: now.failure.code}));
  }};
}
