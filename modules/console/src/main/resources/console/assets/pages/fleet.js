// The fleet at a glance: how far it is from what is asked, what moves and who feeds whom, what does not work, what its caches hold.

import {h, fill, keyed, say} from '../lib/dom.js';
import {get} from '../lib/api.js';
import {everySoOften} from '../lib/stream.js';
import {bytes, cores, mib, number, percent, plural, rate, words} from '../lib/format.js';
import {badge, empty, failure, heading, meter, skeleton, table, when} from '../lib/ui.js';
import {gauge} from './workers.js';
import {Copies} from '../parts/copies.js';
import {progressText} from '../parts/grid.js';
import {carriers} from '../parts/carriers.js';
import {feeders, sourceOf} from '../parts/feeders.js';
import {caches} from '../parts/garbage.js';

const COLUMNS = [{title: 'Image'}, {title: 'From'}, {title: 'To'}, {title: 'Progress', class: 'wide'}, {title: 'Since', class: 'right tight'}];

export async function show(view, {query, signal}) {
  const about = h('span', {text: 'How far the fleet is from what is asked of it.'});
  const strip = h('div', {class: 'strip'}, skeleton(2));
  const bar = h('div', {class: 'card'});
  const moving = h('div', {class: 'card flush'});
  const troubles = h('div', {class: 'card flush'});
  const fed = feeders();
  const caching = caches(signal);
  fill(view, heading('Fleet', about), strip, bar, h('div', {class: 'columns'}, moving, h('div', {class: 'stack'}, fed.element, troubles)), caching.element, carriers(query.get('cve') ?? '', signal));
  const list = table('Copies that are being made', COLUMNS);
  list.element.classList.add('cards');
  const update = keyed(list.body, copy => `${copy.image_id} ${copy.worker_id}`, movingRow);
  let fleet = null;

  const refresh = everySoOften(2000, async () => {
    try {
      fleet = await get('/fleet', {signal});
    } catch (thrown) {
      if (!fleet && !signal.aborted) fill(strip, failure(thrown, refresh));
      throw thrown;
    }
    const {copies, workers} = fleet;
    const there = workers.ready + workers.draining + workers.joining;
    const wanted = copies.ready + copies.building + copies.pending + copies.failed;
    say(about, wanted === 0 ? 'Nothing is asked of it yet.' : copies.ready === wanted ? 'Everything is where it should be.' : `${plural(wanted - copies.ready, 'copy', 'copies')} to go.`);
    const pace = fleet.moving.reduce((sum, copy) => sum + (copy.bytes_per_s ?? 0), 0);
    fill(strip,
      tile('Copies ready', h('span', {class: 'number'}, h('b', {text: number(copies.ready)}), ` of ${number(wanted)}`), meter('Copies that are ready', copies.ready, wanted, copies.ready === wanted ? 'ready' : 'building'),
        [pace ? rate(pace) : '', copies.leaving ? `${number(copies.leaving)} leaving` : ''].filter(Boolean).join(' · ') || `${percent(copies.ready, wanted)} %`),
      tile('Workers', h('b', {class: 'number', text: number(there)}), null, [workers.draining && `${workers.draining} draining`, workers.lost && `${workers.lost} lost`].filter(Boolean).join(', ') || 'all there'),
      tile('CPU booked', gauge('CPU that is booked', workers.allocated_cpu_millicores, workers.cpu_millicores, cores(workers.cpu_millicores)), null, `${bytes(workers.cache_bytes)} of copies`),
      tile('Memory booked', gauge('Memory that is booked', workers.allocated_memory_mb, workers.memory_mb, mib(workers.memory_mb)), null, ''));
    fill(bar, h('h2', {text: 'All copies'}), stacked(copies));
    update(fleet.moving);
    const top = h('div', {class: 'cardtop'}, h('h2', {text: 'Under way'}), h('span', {class: 'quiet fine', text: fleet.moving.length ? plural(fleet.moving.length, 'copy', 'copies') : ''}));
    if (fleet.moving.length) {
      if (!moving.contains(list.element)) fill(moving, top, list.element);
      else moving.firstChild.replaceWith(top);
    } else {
      fill(moving, top, empty('check', 'Nothing moves', 'No copy is being made or fetched now.'));
    }
    fed.update(fleet.moving);
    caching.update(fleet.leaving);
    fill(troubles, h('div', {class: 'cardtop'}, h('h2', {text: 'What does not work'})), fleet.troubles.length
      ? h('ul', {class: 'things'}, fleet.troubles.map(one => h('li', {}, badge('failed', number(one.copies)), h('div', {class: 'what'}, h('code', {text: one.code}), h('span', {class: 'sub', text: one.message})))))
      : h('p', {class: 'quiet inset', text: 'No copy has failed.'}));
  }, signal);
}

const tile = (name, value, bar, fine) => h('div', {class: 'tile'}, h('h2', {text: name}), h('div', {class: 'value'}, value), bar, h('p', {class: 'fine', text: fine}));

function stacked(copies) {
  const all = Copies.statuses.reduce((sum, status) => sum + copies[status], 0) || 1;
  const told = Copies.statuses.filter(status => copies[status]);
  return h('div', {}, h('div', {class: 'stacked', role: 'img', 'aria-label': told.map(status => `${copies[status]} ${status}`).join(', ') || 'none'},
    told.map(status => h('span', {class: `is-${status}`, vars: {'--share': `${100 * copies[status] / all}%`}}))),
  h('ul', {class: 'legend static'}, told.map(status => h('li', {}, badge(status, `${number(copies[status])} ${status}`)))));
}

function movingRow(copy) {
  const from = h('span');
  const since = h('span');
  let fromShown = null;
  const text = h('span', {class: 'number'});
  const bar = h('div');
  return {element: h('tr', {}, h('td', {'data-label': 'Image'}, h('a', {class: 'name', href: `/console/images/${copy.image_id}`, text: copy.image_name})),
    h('td', {'data-label': 'From'}, from), h('td', {'data-label': 'To'}, h('a', {href: `/console/workers/${copy.worker_id}`, text: copy.worker_name})),
    h('td', {'data-label': 'Progress'}, h('div', {class: 'metered'}, h('div', {class: 'line'}, text), bar)),
    h('td', {'data-label': 'Since', class: 'right tight quiet'}, since)),
  update(now) {
    if (fromShown !== now.source) {
      fromShown = now.source;
      fill(from, sourceOf(now));
    }
    fill(since, when(now.since));
    say(text, [words(now.phase ?? ''), progressText(now)].filter(Boolean).join(' · '));
    fill(bar, meter(`Progress of ${now.image_name} on ${now.worker_name}`, now.percent, 100));
  }};
}
