// Who feeds whom: each source of copies with those it serves now.

import {h, fill, keyed, say} from '../lib/dom.js';
import {bytes, number, rate, words} from '../lib/format.js';
import {meter} from '../lib/ui.js';

const FEEDERS_SHOWN = 8;
const FED_SHOWN = 6;

/** Where a copy comes from, as one reads it: another worker by its name. */
export function sourceOf(copy) {
  if (!copy.source) return h('span', {class: 'quiet', text: '–'});
  return copy.source.startsWith('wrk_') ? h('a', {href: `/console/workers/${copy.source}`, text: copy.source_name ?? copy.source})
    : h('span', {class: 'quiet', text: copy.source === 'peer' ? 'another worker' : words(copy.source)});
}

export function feeders() {
  const list = h('ul', {class: 'feeders', 'aria-label': 'Who feeds whom'});
  const none = h('p', {class: 'quiet', text: 'Nobody feeds anybody now.'});
  const more = h('p', {class: 'fine'});
  const show = keyed(list, feeder => feeder.source, feederItem);
  const element = h('section', {class: 'card'}, h('h2', {text: 'Who feeds whom'}), none, list, more);
  return {element, update(moving) {
    const all = feeding(moving);
    const most = Math.max(1, ...all.map(one => one.perSecond));
    show(all.slice(0, FEEDERS_SHOWN).map(one => ({...one, most})));
    none.hidden = all.length > 0;
    list.hidden = all.length === 0;
    say(more, all.length > FEEDERS_SHOWN ? `${number(all.length - FEEDERS_SHOWN)} more feed others.` : '');
  }};
}

/** By source: who is served, and how fast; the fastest first. */
function feeding(moving) {
  const by = new Map();
  for (const copy of moving) {
    if (!copy.source) continue;
    const feeder = by.get(copy.source) ?? {source: copy.source, source_name: copy.source_name, fed: [], perSecond: 0};
    feeder.fed.push(copy);
    feeder.perSecond += copy.bytes_per_s ?? 0;
    by.set(copy.source, feeder);
  }
  return [...by.values()].sort((one, other) => other.perSecond - one.perSecond || other.fed.length - one.fed.length);
}

function feederItem(feeder) {
  const pace = h('span', {class: 'quiet number'});
  const bar = h('div');
  const fed = h('ul', {class: 'fed'});
  const more = h('span', {class: 'fine'});
  const show = keyed(fed, copy => `${copy.image_id} ${copy.worker_id}`, fedItem);
  return {element: h('li', {}, h('div', {class: 'line'}, sourceOf(feeder), pace), bar, fed, more), update(now) {
    say(pace, [`${now.fed.length} fed`, rate(now.perSecond)].filter(Boolean).join(' · '));
    fill(bar, meter(`Share of the bytes of ${now.source_name ?? words(now.source)}`, now.perSecond, now.most));
    show(now.fed.slice(0, FED_SHOWN));
    say(more, now.fed.length > FED_SHOWN ? `and ${number(now.fed.length - FED_SHOWN)} more` : '');
  }};
}

function fedItem(copy) {
  const how = h('span', {class: 'quiet number'});
  return {element: h('li', {}, h('span', {'aria-hidden': 'true', class: 'quiet', text: '→ '}), h('span', {class: 'unseen', text: 'to '}),
    h('a', {href: `/console/workers/${copy.worker_id}`, text: copy.worker_name}), ' ', how), update(now) {
    say(how, [now.image_name, words(now.phase ?? ''), now.bytes_total ? `${bytes(now.bytes_done)} of ${bytes(now.bytes_total)}` : '', rate(now.bytes_per_s)].filter(Boolean).join(' · '));
  }};
}
