// One worker: its room, its cache and why it keeps what it keeps, draining.

import {h, fill, refill} from '../lib/dom.js';
import {ask, call, get, remove} from '../lib/api.js';
import {everySoOften} from '../lib/stream.js';
import {session} from '../lib/session.js';
import {bytes, cores, mib} from '../lib/format.js';
import {badge, button, confirm, doing, facts, failure, heading, retime, section, skeleton, toast, when} from '../lib/ui.js';
import {gauge} from './workers.js';
import {cacheGauge, garbageList} from '../parts/garbage.js';
import {go} from '../lib/router.js';

export async function show(view, {params, signal}) {
  fill(view, skeleton());
  const at = `/workers/${encodeURIComponent(params.id)}`;
  let worker = await get(at, {signal});
  const may = session.may('scaibunker:admin', 'scaibunker:admin:platform');
  const state = h('span');
  const actions = h('div', {class: 'actions'});
  const beat = when(worker.last_heartbeat);
  const rooms = h('div', {class: 'strip'});
  const about = h('div');
  const cache = h('div', {class: 'card flush'});
  fill(view, h('a', {class: 'crumb', href: '/console/workers', text: '← Workers'}),
    heading(h('div', {class: 'titled'}, h('h1', {text: worker.name}), state), [worker.zone, worker.driver].filter(Boolean).join(' · '), actions), rooms, about, cache);

  function draw() {
    refill(state, worker.status, () => badge(worker.status));
    retime(beat, worker.last_heartbeat);
    refill(rooms, [worker.allocated, worker.capacity, worker.cache_bytes, worker.cache_quota_bytes], () => [roomTile('CPU', 'cpu_millicores', cores), roomTile('Memory', 'memory_mb', mib), roomTile('Disk', 'disk_mb', mib), cacheTile()]);
    refill(about, {...worker, last_heartbeat: null, allocated: null, cache_bytes: null}, () => section(null, facts({
      'Heartbeat': beat,
      'Wanted of it': worker.intent === 'drain' ? 'nothing new: it is drained' : 'to serve',
      'Runs machines by': `${worker.driver}, ${worker.acceleration}`,
      'Zone': worker.zone || '–',
      'Labels': Object.keys(worker.labels).length ? h('span', {class: 'chips'}, Object.entries(worker.labels).map(([name, value]) => h('span', {class: 'chip', text: `${name}=${value}`}))) : '–',
      'Versions': Object.entries(worker.versions).map(([name, value]) => `${name} ${value}`).join(', ') || '–',
      'Known since': when(worker.created_at),
      'Id': h('code', {text: worker.id}),
    })));
    refill(actions, [worker.status, worker.intent], () => may ? buttons() : []);
  }

  function roomTile(name, unit, shown) {
    return h('div', {class: 'tile'}, h('h2', {text: name}), h('div', {class: 'value'}, h('b', {class: 'number', text: shown(worker.allocated[unit])})),
      gauge(`${name} that is booked`, worker.allocated[unit], worker.capacity[unit], shown(worker.capacity[unit])));
  }

  function cacheTile() {
    const bound = worker.cache_quota_bytes;
    return h('div', {class: 'tile'}, h('h2', {text: 'Cache'}), h('div', {class: 'value'}, h('b', {class: 'number', text: bytes(worker.cache_bytes)})),
      bound ? cacheGauge(worker) : h('p', {class: 'fine', text: 'no quota'}));
  }

  function buttons() {
    const drained = worker.intent === 'drain';
    const turn = doing(button(drained ? 'Resume' : 'Drain', {icon: drained ? 'refresh' : 'stop', title: drained ? 'Take new bunkers again' : 'Start nothing more there'}), async () => {
      worker = await ask(`${at}/${drained ? 'resume' : 'drain'}`);
      toast(drained ? `${worker.name} takes bunkers again` : `${worker.name} takes no new bunkers; those it runs stay`);
      draw();
    });
    const forget = (worker.status === 'lost' || drained) && doing(button('Forget', {kind: 'danger', icon: 'trash'}), async () => {
      if (await confirm(`Forget ${worker.name}?`, 'Its copies count nowhere any more. Should it come back, it is a new worker.', 'Forget')) {
        await remove(at);
        go('/console/workers');
      }
    });
    return [turn, forget].filter(Boolean);
  }

  async function lookIntoCache() {
    try {
      const garbage = (await call('POST', `${at}/gc`, {query: {dry_run: true}, signal})).data;
      fill(cache, h('div', {class: 'cardtop'}, h('h2', {text: 'Cache'}), h('span', {class: 'quiet fine', text:
          `${bytes(garbage.kept_bytes)} stay, ${bytes(garbage.freed_bytes)} would go${garbage.quota_bytes ? `, quota ${bytes(garbage.quota_bytes)}` : ''}`}),
        doing(button('Collect now', {kind: 'small'}), async () => {
          const done = (await call('POST', `${at}/gc`)).data;
          toast(`${bytes(done.freed_bytes)} freed, ${bytes(done.kept_bytes)} kept`);
          await lookIntoCache();
        })),
      ...garbageList(garbage));
    } catch (thrown) {
      if (!signal.aborted) fill(cache, h('div', {class: 'cardtop'}, h('h2', {text: 'Cache'})), failure(thrown, lookIntoCache));
    }
  }

  draw();
  if (may && worker.status !== 'lost') lookIntoCache();
  else cache.hidden = true;
  everySoOften(3000, async () => {
    worker = await get(at, {signal});
    draw();
  }, signal);
}
