// The fan-out of an image: what counts, the grid, and the same as a table.

import {h, fill, refill, say} from '../lib/dom.js';
import {badge, button, empty, linkButton, modal, retime, when} from '../lib/ui.js';
import {bytes, words} from '../lib/format.js';
import {session} from '../lib/session.js';
import {Copies} from './copies.js';
import {FanoutGrid, progressText} from './grid.js';
import {endlessTable} from './rows.js';
import {searchBox} from './filters.js';

const COLUMNS = [{title: 'Worker'}, {title: 'State', class: 'state'}, {title: 'Progress', class: 'wide'}, {title: 'From'}, {title: 'Changed', class: 'right tight'}];
const ROW = 40;

export function fanout(copies, signal) {
  const names = new Map();
  let wanted = '';
  let state = null;
  const legend = h('div', {class: 'legend', role: 'group', 'aria-label': 'Show only'});
  const tallies = new Map(Copies.statuses.map(status => {
    const count = h('b', {class: 'number', text: '0'});
    const element = h('button', {type: 'button', 'aria-pressed': 'false', class: `badge is-${status}`, on: {click: () => {
      state = state === status ? null : status;
      for (const [other, tally] of tallies) tally.element.setAttribute('aria-pressed', String(other === state));
      grid.emphasize(state);
      list(true);
    }}}, h('span', {class: 'mark', 'aria-hidden': 'true'}), count, ` ${status}`);
    legend.append(element);
    return [status, {element, count}];
  }));
  const table = endlessTable('Copies by worker', COLUMNS, {height: ROW, most: 13 * ROW + 36, keyOf: row => row.worker_id, make: row => copyRow(row, names)});
  const grid = new FanoutGrid(copies, signal, row => table.reveal(row.worker_id));
  const search = searchBox('Find a worker', '', text => {
    wanted = text.toLowerCase();
    list(true);
  });
  const none = h('div');
  const whole = h('div', {class: 'fanout'},
    h('div', {class: 'card gridcard'}, legend, grid.element),
    h('div', {class: 'bar'}, search, h('span', {class: 'quiet fine shown', role: 'status'})),
    h('div', {class: 'card flush'}, table.element));
  const element = h('div', {}, none, whole);
  whole.hidden = true;

  let listed = null;
  function list(filterChanged) {
    const rows = copies.rows;
    if (!filterChanged && listed === rows && !state) {
      table.touch();
      return;
    }
    listed = rows;
    const shown = state || wanted
      ? rows.filter(row => (!state || Copies.state(row) === state) && row.worker_name.toLowerCase().includes(wanted)) : rows;
    table.set(shown);
    say(whole.querySelector('.shown'), shown.length === rows.length ? '' : `${shown.length} of ${rows.length} workers`);
  }

  /** What has changed, of an image as it is now; what is asked for here was told at least once. */
  function update(changed, image) {
    for (const [status, tally] of tallies) {
      const count = copies.counts[status];
      say(tally.count, count.toLocaleString('en-GB'));
      tally.element.hidden = count === 0 && status !== 'ready';
    }
    const any = copies.size > 0;
    whole.hidden = !any;
    refill(none, [any, image.status], () => !any && h('div', {class: 'card'}, empty('workers', 'No worker should hold it yet',
        image.status === 'deactivated' ? 'It is deactivated, and its copies are gone.' : 'Put the image and some workers into one availability group: the fan-out begins at once.',
        session.may('scaibunker:admin:tenant', 'scaibunker:admin:platform') && linkButton('Groups', '/console/groups', {icon: 'groups', kind: 'primary'}))));
    if (changed === null) for (const row of copies.rows) names.set(row.worker_id, row.worker_name);
    if (!any) return;
    grid.update(changed);
    list(false);
  }
  return {element, update};
}

function copyRow(row, names) {
  const name = h('span', {class: 'cut'});
  const state = h('span');
  const progress = h('span', {class: 'cut number'});
  let wrong = null;
  const trouble = h('button', {type: 'button', class: 'cut error trouble', title: 'Read all of it', hidden: true, on: {click: () => explain(wrong)}});
  const from = h('span', {class: 'cut quiet'});
  const changed = when(null);
  const element = h('tr', {}, h('td', {}, name), h('td', {class: 'state'}, state), h('td', {}, progress, trouble), h('td', {}, from), h('td', {class: 'right tight quiet'}, changed));
  let shown = '';
  return {element, update(now) {
    say(name, now.worker_name);
    const status = Copies.state(now);
    const text = status === 'building' ? words(now.phase ?? 'building') : !now.wanted && status === 'ready' ? 'ready, leaving' : status;
    if (shown !== status + text) {
      shown = status + text;
      fill(state, badge(status, text));
    }
    wrong = now;
    progress.hidden = Boolean(now.error);
    trouble.hidden = !now.error;
    if (now.error) say(trouble, `${now.error.code}: ${now.error.message}`);
    else say(progress, status === 'building' ? progressText(now) : status === 'ready' && now.bytes_total ? bytes(now.bytes_total) : '');
    const source = now.source_name ?? (now.source === 'peer' ? 'another worker' : names.get(now.source) ?? now.source ?? '');
    say(from, now.error && now.attempts > 1 ? `tried ${now.attempts} times` : source);
    retime(changed, now.updated_at);
  }};
}

/** All of what a row has no room for. */
function explain({worker_name: name, error, attempts}) {
  const dialog = modal(`What went wrong on ${name}`, h('p', {}, h('code', {text: error.code})), h('p', {class: 'whole', text: error.message}),
    attempts > 1 && h('p', {class: 'fine', text: `Tried ${attempts} times.`}),
    h('div', {class: 'actions'}, button('Close', {on: () => dialog.close()})));
}
