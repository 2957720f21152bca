// Workers: who is there, how full, how long since their heart beat.

import {h, fill, say} from '../lib/dom.js';
import {all} from '../lib/api.js';
import {everySoOften} from '../lib/stream.js';
import {byName, cores, mib, percent, plural} from '../lib/format.js';
import {badge, empty, failure, heading, meter, retime, skeleton, when} from '../lib/ui.js';
import {searchBox, choice} from '../parts/filters.js';
import {cacheGauge} from '../parts/garbage.js';
import {endlessTable} from '../parts/rows.js';
import {note} from '../lib/router.js';

const COLUMNS = [{title: 'Worker'}, {title: 'State', class: 'state'}, {title: 'CPU'}, {title: 'Memory'}, {title: 'Cache'},
  {title: 'Runs on', class: 'narrow'}, {title: 'Heartbeat', class: 'right tight'}];
const ROW = 52;

export async function show(view, {query, signal}) {
  const about = h('span', {text: 'Hosts that bake images, keep copies and run bunkers.'});
  const place = h('div', {class: 'card flush'}, skeleton());
  let known = null;
  let wanted = query.get('q') ?? '';
  let status = query.get('status') ?? '';
  const list = endlessTable('Workers', COLUMNS, {height: ROW, most: Math.max(420, innerHeight - 230), keyOf: one => one.id, make: workerRow});
  list.element.classList.add('tall');
  const filters = h('div', {class: 'bar'}, searchBox('Search workers', wanted, text => {
    wanted = text;
    note({q: text});
    draw();
  }), choice('State', {'': 'All', ready: 'Ready', draining: 'Draining', lost: 'Lost'}, status, value => {
    status = value;
    note({status: value});
    draw();
  }));
  fill(view, heading('Workers', about), filters, place);

  function draw() {
    if (!known) return;
    const shown = known.filter(one => (!status || one.status === status) && `${one.name} ${one.zone} ${Object.entries(one.labels).join(' ')}`.toLowerCase().includes(wanted.toLowerCase()));
    const tally = name => known.filter(one => one.status === name).length;
    say(about, known.length ? [plural(known.length, 'worker'), tally('lost') && `${tally('lost')} lost`, tally('draining') && `${tally('draining')} draining`].filter(Boolean).join(', ')
      : 'Hosts that bake images, keep copies and run bunkers.');
    if (shown.length) {
      if (place.firstChild !== list.element) fill(place, list.element);
      list.set(shown);
    } else if (known.length) {
      fill(place, empty('search', 'Nobody fits', 'No worker here is like that.'));
    } else {
      fill(place, empty('workers', 'No worker is there', 'Start a node with the worker room, and it says hello within seconds. modules/node/OPERATIONS.md tells how, under «Add a node».'));
    }
  }

  const refresh = everySoOften(3000, async () => {
    try {
      known = (await all('/workers', {signal})).sort((one, other) => byName(one.name, other.name));
      draw();
    } catch (thrown) {
      if (known === null && !signal.aborted) fill(place, failure(thrown, refresh));
      throw thrown;
    }
  }, signal);
}

function workerRow(worker) {
  const state = h('td', {class: 'state'});
  const cpu = h('td');
  const memory = h('td');
  const cache = h('td');
  const runs = h('span', {class: 'cut'});
  const beat = when(null);
  const element = h('tr', {class: 'to'}, h('td', {}, h('a', {class: 'name cut', href: `/console/workers/${worker.id}`, text: worker.name}),
    h('span', {class: 'sub cut', text: worker.zone || Object.entries(worker.labels).map(([name, value]) => `${name}=${value}`).join(' ')})), state, cpu, memory,
  cache, h('td', {class: 'narrow'}, runs), h('td', {class: 'right tight quiet'}, beat));
  let shown = '';
  return {element, update(now) {
    const text = JSON.stringify([now.status, now.intent, now.allocated, now.capacity, now.cache_bytes, now.cache_quota_bytes]);
    if (shown !== text) {
      shown = text;
      fill(state, badge(now.status));
      fill(cpu, gauge('CPU that is booked', now.allocated.cpu_millicores, now.capacity.cpu_millicores, cores(now.capacity.cpu_millicores)));
      fill(memory, gauge('Memory that is booked', now.allocated.memory_mb, now.capacity.memory_mb, mib(now.capacity.memory_mb)));
      fill(cache, cacheGauge(now));
    }
    say(runs, now.acceleration.split(/[ :(]/)[0]);
    runs.title = `${now.driver}, ${now.acceleration}`;
    retime(beat, now.last_heartbeat);
  }};
}

export function gauge(label, part, whole, text) {
  const share = percent(part, whole);
  return h('div', {class: 'metered'}, h('div', {class: 'line'}, h('span', {class: 'number', text: `${share} %`}), h('span', {class: 'quiet number', text: `of ${text}`})),
    meter(label, part, whole, share >= 95 ? 'warn' : 'accent'));
}
