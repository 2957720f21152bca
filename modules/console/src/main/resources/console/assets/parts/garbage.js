// What lies in the caches of workers, what of it goes, and why the rest stays.

import {h, fill, say} from '../lib/dom.js';
import {all, call} from '../lib/api.js';
import {everySoOften} from '../lib/stream.js';
import {session} from '../lib/session.js';
import {bytes, number, percent, plural} from '../lib/format.js';
import {badge, button, doing, empty, failure, meter, skeleton, table, toast} from '../lib/ui.js';
import {endlessTable} from './rows.js';

const ITEMS = [{title: 'What'}, {title: 'Size', class: 'right'}, {title: 'Why'}];
const CACHES = [{title: 'Worker'}, {title: 'Cache', class: 'wide'}, {title: 'Leaving', class: 'state'}, {title: 'Collect', class: 'right tight'}];
const ROW = 52;

export const mayCollect = () => session.may('scaibunker:admin', 'scaibunker:admin:platform');

/** How full a cache is: a bar where it has a quota, else what it takes. */
export function cacheGauge(worker) {
  const {cache_bytes: taken, cache_quota_bytes: quota} = worker;
  if (!quota) return h('span', {class: 'number', text: bytes(taken)});
  const share = percent(taken, quota);
  return h('div', {class: 'metered'}, h('div', {class: 'line'}, h('span', {class: 'number', text: `${share} %`}), h('span', {class: 'quiet number', text: `of ${bytes(quota)}`})),
    meter(`Cache of ${worker.name} that is taken`, taken, quota, share >= 95 ? 'warn' : 'accent'));
}

/** What a worker says of its cache: what goes, and why the rest stays. */
export function garbageList(garbage) {
  const list = table('What lies in the cache', ITEMS);
  list.element.classList.add('cards');
  const rows = [...garbage.items].sort((one, other) => other.goes - one.goes || other.bytes - one.bytes);
  list.body.append(...rows.map(item => h('tr', {},
    h('td', {'data-label': 'What'}, item.image_id ? h('a', {class: 'name', href: `/console/images/${item.image_id}`, text: item.kind}) : h('span', {text: item.kind}),
      h('span', {class: 'sub mono', text: (item.artifact_digest ?? '').slice(0, 19)})),
    h('td', {'data-label': 'Size', class: 'right number'}, bytes(item.bytes)),
    h('td', {'data-label': 'Why'}, badge(item.goes ? 'draining' : 'ready', item.goes ? 'goes' : 'stays'), h('span', {class: 'sub', text: item.why})))));
  return [rows.length ? list.element : empty('images', 'Its cache is empty', 'Copies come as soon as a group asks for them here.'),
    garbage.more > 0 && h('p', {class: 'fine inset', text: `${number(garbage.more)} more are not shown; ${plural(rows.length, 'is', 'are')}.`})];
}

const sums = garbage => `${bytes(garbage.kept_bytes)} stay, ${bytes(garbage.freed_bytes)} would go${garbage.quota_bytes ? `, quota ${bytes(garbage.quota_bytes)}` : ''}`;

const askCache = async (worker, dry, signal) => (await call('POST', `/workers/${worker.id}/gc`, {query: {dry_run: dry || null}, signal})).data;

/** Shows what would go from a worker's cache; only then it may be told to let it go. */
async function collect(worker, signal, after) {
  const told = await askCache(worker, true, signal);
  const title = `What would go from ${worker.name}`;
  const dialog = h('dialog', {class: 'dialog wide', 'aria-label': title});
  const close = () => dialog.close();
  const go = doing(button('Collect', {kind: 'primary'}), async () => {
    const done = await askCache(worker, false, signal);
    close();
    toast(`${worker.name}: ${bytes(done.freed_bytes)} freed, ${bytes(done.kept_bytes)} kept`);
    after();
  });
  const goes = told.items.some(item => item.goes);
  dialog.append(h('h2', {text: title}), h('p', {text: goes ? `${sums(told)}.` : `Nothing: ${bytes(told.kept_bytes)} stay, for these reasons.`}),
    h('div', {class: 'list', tabIndex: 0, role: 'region', 'aria-label': 'What lies in the cache, and why'}, ...garbageList(told).filter(Boolean)),
    h('div', {class: 'actions'}, button(goes ? 'Cancel' : 'Close', {on: close}), ...goes ? [go] : []));
  dialog.addEventListener('close', () => dialog.remove());
  signal.addEventListener('abort', close);
  document.body.append(dialog);
  dialog.showModal();
}

/** The caches of all workers: how full, what leaves them. */
export function caches(signal) {
  const about = h('span', {class: 'quiet fine'});
  const place = h('div', {}, skeleton(3));
  const list = endlessTable('Caches by worker', CACHES, {height: ROW, most: 8 * ROW + 36, keyOf: one => one.id, make: worker => cacheRow(worker, signal, () => refresh())});
  list.element.classList.add('tall');
  let workers = null;
  let leaving = new Map();

  function draw() {
    if (!workers) return;
    const there = workers.filter(one => one.status !== 'lost').map(one => ({...one, leaving: leaving.get(one.id) ?? 0}));
    there.sort((one, other) => other.leaving - one.leaving || fullness(other) - fullness(one) || one.name.localeCompare(other.name, 'en', {numeric: true}));
    const going = there.reduce((sum, one) => sum + one.leaving, 0);
    say(about, there.length ? `${bytes(there.reduce((sum, one) => sum + one.cache_bytes, 0))} on ${plural(there.length, 'worker')}, ${going ? `${plural(going, 'copy', 'copies')} leaving` : 'nothing leaves'}` : '');
    if (there.length) {
      if (place.firstChild !== list.element) fill(place, list.element);
      list.set(there);
    } else {
      fill(place, h('p', {class: 'quiet inset', text: 'No worker is there.'}));
    }
  }

  const refresh = everySoOften(5000, async () => {
    try {
      workers = await all('/workers', {signal});
      draw();
    } catch (thrown) {
      if (!workers && !signal.aborted) fill(place, failure(thrown, refresh));
      throw thrown;
    }
  }, signal);
  return {element: h('section', {class: 'card flush'}, h('div', {class: 'cardtop'}, h('h2', {text: 'Caches'}), about), place), update(told) {
    leaving = new Map(told.map(one => [one.worker_id, one.copies]));
    draw();
  }};
}

const fullness = worker => worker.cache_quota_bytes ? worker.cache_bytes / worker.cache_quota_bytes : 0;

function cacheRow(worker, signal, after) {
  const cache = h('td');
  const leaving = h('td', {class: 'state'});
  const look = doing(button('Collect…', {kind: 'small', title: 'Show first what would go, and why the rest stays', 'aria-label': `Collect on ${worker.name}`}),
    () => collect(worker, signal, after));
  let shown = '';
  return {element: h('tr', {}, h('td', {}, h('a', {class: 'name cut', href: `/console/workers/${worker.id}`, text: worker.name})), cache, leaving,
    h('td', {class: 'right tight'}, mayCollect() && look)), update(now) {
    const text = JSON.stringify([now.cache_bytes, now.cache_quota_bytes, now.leaving]);
    if (shown === text) return;
    shown = text;
    fill(cache, cacheGauge(now));
    fill(leaving, now.leaving ? badge('draining', plural(now.leaving, 'copy', 'copies')) : h('span', {class: 'quiet', text: 'nothing'}));
  }};
}
