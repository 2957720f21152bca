// All images: how ready each is, what its scan came to.

import {h, fill, keyed, refill, say} from '../lib/dom.js';
import {all} from '../lib/api.js';
import {everySoOften} from '../lib/stream.js';
import {session} from '../lib/session.js';
import {bytes, mib, percent, plural} from '../lib/format.js';
import {badge, empty, failure, heading, linkButton, meter, skeleton, table, when} from '../lib/ui.js';
import {note} from '../lib/router.js';
import {choice, searchBox} from '../parts/filters.js';
import {sourceText} from '../parts/source.js';

const COLUMNS = [
  {title: 'Image'}, {title: 'Ready', class: 'wide'}, {title: 'Scan'}, {title: 'Size', class: 'right'}, {title: 'Age', class: 'right tight'},
];

export async function show(view, {query, signal}) {
  const about = h('span', {text: 'Baked once, then held by the workers of your groups.'});
  const place = h('div', {class: 'card flush'}, skeleton());
  let rows = null;
  let cut = false;
  let status = query.get('status') ?? 'active';
  let wanted = query.get('q') ?? '';
  const search = searchBox('Search images', wanted, text => {
    wanted = text;
    note({q: text});
    draw();
  });
  const state = choice('Which images', {active: 'Active', deactivated: 'Deactivated', '': 'All'}, status, value => {
    status = value;
    note({status: value === 'active' ? '' : value || 'all'});
    refresh();
  });
  if (status === 'all') status = '';
  const filters = h('div', {class: 'bar'}, search, state);
  fill(view, heading('Images', about, session.may('scaibunker:images:manage')
    && linkButton('Register an image', '/console/images/new', {icon: 'plus', kind: 'primary'})), filters, place);

  const list = table('Images', COLUMNS);
  list.element.classList.add('cards');
  const update = keyed(list.body, image => image.id, imageRow);

  function draw() {
    if (rows === null) return;
    const shown = rows.filter(image => `${image.name} ${sourceText(image.build_source)} ${image.description}`.toLowerCase().includes(wanted.toLowerCase()));
    update(shown);
    say(about, rows.length ? `${plural(rows.length, 'image')}${cut ? ', the oldest of more' : ''}` : 'Baked once, then held by the workers of your groups.');
    if (shown.length) {
      if (place.firstChild !== list.element) fill(place, list.element);
    } else if (rows.length) {
      fill(place, empty('search', 'Nothing fits', `No image here has «${wanted}» in its name or source.`));
    } else if (status === 'deactivated') {
      fill(place, empty('images', 'No image was retired yet', 'Deactivated images stay here, with what was known of them.'));
    } else {
      fill(place, empty('images', 'No images yet', 'Register one from any OCI registry, or from a tarball on a worker. It is baked once and handed to every worker of your groups.',
        linkButton('Register an image', '/console/images/new', {icon: 'plus', kind: 'primary'})));
    }
  }

  const refresh = everySoOften(3000, async () => {
    const asked = status;
    try {
      const answer = await all('/images', {query: {status: asked}, signal});
      if (asked !== status) return;
      cut = answer.cut;
      rows = answer.reverse();
      draw();
    } catch (thrown) {
      if (rows === null && !signal.aborted) fill(place, failure(thrown, refresh));
      throw thrown;
    }
  }, signal);
}

function imageRow(image) {
  const counts = h('span', {class: 'number'});
  const share = h('span', {class: 'quiet number'});
  const bar = h('div');
  const scan = h('div');
  const size = h('span', {class: 'number'});
  const element = h('tr', {class: 'to'},
    h('td', {'data-label': 'Image'}, h('a', {class: 'name', href: `/console/images/${image.id}`, text: image.name}),
      h('span', {class: 'sub', text: sourceText(image.build_source)})),
    h('td', {'data-label': 'Ready'}, h('div', {class: 'metered'}, h('div', {class: 'line'}, counts, share), bar)),
    h('td', {'data-label': 'Scan'}, scan),
    h('td', {'data-label': 'Size', class: 'right'}, size),
    h('td', {'data-label': 'Age', class: 'right tight quiet'}, when(image.created_at)));
  return {element, update(now) {
    const {ready, targeted, lost} = now.readiness;
    if (now.status === 'deactivated') {
      say(counts, 'deactivated');
      say(share, '');
    } else {
      say(counts, targeted ? `${ready} of ${targeted}` : 'in no group');
      say(share, lost ? `${lost} lost` : targeted ? `${percent(ready, targeted)} %` : '');
    }
    refill(bar, [ready, targeted], () => meter('Workers that are ready', ready, targeted, ready === targeted && targeted > 0 ? 'ready' : 'building'));
    refill(scan, [now.scan_status, now.scan_reason], () => scanBadge(now));
    say(size, now.artifact ? bytes(now.artifact.allocated_bytes) : `≤ ${mib(now.size_mib)}`);
  }};
}

/** A scan in a word: what failed is told from what could not be looked at. */
export function scanBadge(image) {
  if (image.scan_reason === 'NOT_BAKED') return badge('pending', 'not baked');
  if (image.scan_status === 'failed' && image.scan_reason !== 'FINDINGS') {
    return badge('warn', (image.scan_reason ?? 'unknown').toLowerCase().replaceAll('_', ' '));
  }
  return badge(image.scan_status, {passed: 'passed', failed: 'findings', pending: 'pending', skipped: 'skipped'}[image.scan_status]);
}
