// The layers of an image as they lie in its file: how large each is, what was there before the bake, who else has it.

import {h, fill} from '../lib/dom.js';
import {get, isAbort} from '../lib/api.js';
import {bytes, number, plural} from '../lib/format.js';
import {badge, digest, empty, failure, meter} from '../lib/ui.js';

/** `update(image)` may be called often: it asks and draws only for another artifact. */
export function layers(at, signal) {
  const element = h('div');
  let drawn = null;

  async function update(image) {
    const artifact = image.artifact;
    const now = artifact?.digest ?? '';
    if (drawn === now) return;
    drawn = now;
    if (!artifact) {
      fill(element, h('div', {class: 'card'}, empty('images', 'Not baked yet', 'Its layers are known as soon as a worker has baked it.')));
      return;
    }
    try {
      // Neither lists nor streams tell them.
      const told = artifact.segments === undefined ? (await get(at, {signal})).artifact : artifact;
      if (drawn === now) fill(element, told.segments ? stack(told) : unknown());
    } catch (thrown) {
      drawn = null;
      if (!isAbort(thrown)) fill(element, failure(thrown, () => update(image)));
    }
  }
  return {element, update};
}

const unknown = () => h('div', {class: 'card'}, empty('images', 'Its layers are not told', 'It was baked before workers told of them.'));

function stack({segments, segments_more: more}) {
  if (!segments.length) return h('div', {class: 'card'}, empty('images', 'Not laid out by layers', 'The writer that made it mixes them.'));
  const sum = some => some.reduce((all, one) => all + one.bytes, 0);
  const reused = segments.filter(one => one.reused);
  const largest = Math.max(...segments.map(one => one.bytes));
  return h('section', {class: 'card flush'},
    h('div', {class: 'cardtop'}, h('h2', {text: 'Layers'}), h('span', {class: 'quiet fine', text: [
      `${plural(segments.length + more, 'layer')}, ${bytes(sum(segments))}`,
      reused.length ? `${number(reused.length)} with ${bytes(sum(reused))} lay on the worker before, and were not unpacked again` : 'all were unpacked',
    ].join('; ')})),
    h('ol', {class: 'layers', 'aria-label': 'Layers, the lowest first'}, segments.map((one, index) => layer(one, index + 1, largest))),
    more > 0 && h('p', {class: 'fine inset', text: `${number(more)} more on top are not shown.`}));
}

function layer(one, place, largest) {
  const notes = [
    one.hidden_bytes > 0 && `${bytes(one.hidden_bytes)} hidden by upper layers, or there twice`,
    one.shared_with > 0 && `also in ${one.shared_with >= 1000 ? '1,000 or more' : number(one.shared_with)} other ${one.shared_with === 1 ? 'image' : 'images'}`,
  ].filter(Boolean).join(' · ');
  return h('li', {}, h('span', {class: 'place quiet number', 'aria-hidden': 'true', text: String(place)}),
    h('div', {class: 'what'}, one.diff_id ? digest(one.diff_id) : h('span', {class: 'quiet', text: 'no digest'}), notes && h('span', {class: 'sub', text: notes})),
    h('div', {class: 'size'}, h('span', {class: 'number', text: bytes(one.bytes)}), meter(`Size of layer ${place}`, one.bytes, largest, one.reused ? 'ready' : 'building')),
    one.reused ? badge('ready', 'reused') : badge('accent', 'unpacked'));
}
