// One group: what it holds and where; both sides are added by picking.

import {h, fill} from '../lib/dom.js';
import {all, get, isAbort, post, remove} from '../lib/api.js';
import {everySoOften} from '../lib/stream.js';
import {session} from '../lib/session.js';
import {byName, percent, plural} from '../lib/format.js';
import {badge, button, confirm, doing, empty, failure, heading, meter, skeleton, toast} from '../lib/ui.js';
import {go} from '../lib/router.js';
import {icon} from '../lib/icons.js';
import {pick} from '../parts/picker.js';
import {sourceText} from '../parts/source.js';

export async function show(view, {params, signal}) {
  fill(view, skeleton());
  const at = `/availability-groups/${encodeURIComponent(params.id)}`;
  let group = await get(at, {signal});
  const may = session.may('scaibunker:admin:tenant', 'scaibunker:admin:platform');
  const images = h('div', {class: 'card flush'});
  const workers = h('div', {class: 'card flush'});
  const retire = may && doing(button('Remove the group', {kind: 'danger', icon: 'trash'}), async () => {
    if (await confirm(`Remove ${group.name}?`, 'Copies that only this group asked for are collected. Running bunkers stay.', 'Remove')) {
      await remove(at);
      toast(`${group.name} is removed`);
      go('/console/groups');
    }
  });
  const about = h('span', {text: [group.description, group.image_policy === 'all' ? 'Holds every image that its owner sees' : 'Holds the images listed here', `${group.scope} scope`].filter(Boolean).join(' · ')});
  fill(view, h('a', {class: 'crumb', href: '/console/groups', text: '← Groups'}), heading(group.name, about, ...retire ? [retire] : []),
    h('div', {class: 'columns even'}, images, workers));

  let drawn = '';
  async function draw() {
    const [knownImages, knownWorkers] = await Promise.all([all('/images', {query: {status: 'active'}, signal}), everyWorker(signal)]);
    const held = group.image_policy === 'all' ? knownImages : group.image_ids.map(id => knownImages.find(one => one.id === id) ?? {id});
    const inside = group.worker_ids.map(id => knownWorkers?.find(one => one.id === id) ?? {id})
      .sort((one, other) => byName(one.name ?? one.id, other.name ?? other.id));
    const looks = JSON.stringify([group, held.map(one => one.readiness), inside.map(one => one.status)]);
    if (looks === drawn) return;
    drawn = looks;
    fill(images, top(plural(held.length, 'image'), may && group.image_policy === 'listed' && button('Add', {icon: 'plus', kind: 'small', on: () =>
      pick('Add images', knownImages.filter(one => !group.image_ids.includes(one.id)).map(one => ({id: one.id, name: one.name, about: sourceText(one.build_source)})),
        ids => change(post(`${at}/images`, {image_ids: ids})))})),
    held.length ? h('ul', {class: 'things'}, held.map(one => h('li', {},
      h('div', {class: 'what'}, one.name ? h('a', {class: 'name', href: `/console/images/${one.id}`, text: one.name}) : h('code', {text: one.id}),
        one.build_source && h('span', {class: 'sub', text: sourceText(one.build_source)})),
      one.readiness && h('div', {class: 'metered'}, h('div', {class: 'line'}, h('span', {class: 'number', text: `${one.readiness.ready} of ${one.readiness.targeted}`}),
        h('span', {class: 'quiet number', text: `${percent(one.readiness.ready, one.readiness.targeted)} %`})),
      meter(`Copies of ${one.name} that are ready`, one.readiness.ready, one.readiness.targeted, one.readiness.ready === one.readiness.targeted ? 'ready' : 'building')),
      may && group.image_policy === 'listed' && taker(`Take ${one.name ?? one.id} out`, () => change(remove(`${at}/images/${one.id}`))))))
      : empty('images', 'It holds nothing yet', group.image_policy === 'all' ? 'Register an image, and it is held here at once.' : 'Add images, and each worker of the group gets a copy.'));
    fill(workers, top(plural(inside.length, 'worker'), may && knownWorkers && button('Add', {icon: 'plus', kind: 'small', on: () =>
      pick('Add workers', knownWorkers.filter(one => !group.worker_ids.includes(one.id)).map(one => ({id: one.id, name: one.name, about: [one.status, one.zone].filter(Boolean).join(', ')})),
        ids => change(post(`${at}/workers`, {worker_ids: ids})))})),
    inside.length ? h('ul', {class: 'things'}, inside.map(one => h('li', {},
      h('div', {class: 'what'}, one.name ? h('a', {class: 'name', href: `/console/workers/${one.id}`, text: one.name}) : h('code', {text: one.id}), one.zone && h('span', {class: 'sub', text: one.zone})),
      one.status && badge(one.status), may && taker(`Take ${one.name ?? one.id} out`, () => change(remove(`${at}/workers/${one.id}`))))))
      : empty('workers', 'Nobody is in it', 'Add workers: each fetches or bakes what the group holds.'));
  }

  async function change(asked) {
    const now = await asked;
    group = now;
    if (now.warm) toast(`${plural(now.warm.queued, 'copy', 'copies')} asked for, ${now.warm.ready} ready${now.warm.skipped ? `, ${now.warm.skipped} skipped` : ''}`);
    await draw();
  }

  everySoOften(4000, async () => {
    try {
      group = await get(at, {signal});
      await draw();
    } catch (thrown) {
      if (!isAbort(thrown) && !drawn) fill(images, failure(thrown));
      throw thrown;
    }
  }, signal);
}

const top = (title, action) => h('div', {class: 'cardtop'}, h('h2', {text: title}), action);

function taker(label, work) {
  return doing(h('button', {type: 'button', class: 'bare', 'aria-label': label, title: label}, icon('trash')), work);
}

/** Null for those who may not see workers. */
async function everyWorker(signal) {
  try {
    return await all('/workers', {signal});
  } catch (thrown) {
    if (thrown.status === 403) return null;
    throw thrown;
  }
}
