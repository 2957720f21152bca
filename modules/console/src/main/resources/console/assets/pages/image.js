// One image: how its copies stand, live; what is known to be wrong with it; what happened to it.

import {h, fill, onceAFrame, refill} from '../lib/dom.js';
import {all, ask, get, isAbort, post} from '../lib/api.js';
import {everySoOften, gently, watch} from '../lib/stream.js';
import {session} from '../lib/session.js';
import {bytes, duration, mib, number, percent, rate} from '../lib/format.js';
import {badge, button, confirm, copyButton, digest, doing, facts, failure, heading, linkButton, liveness, meter, section, skeleton, tabs,
  toast, when} from '../lib/ui.js';
import {note} from '../lib/router.js';
import {Copies} from '../parts/copies.js';
import {fanout} from '../parts/fanout.js';
import {findings} from '../parts/findings.js';
import {history} from '../parts/history.js';
import {layers} from '../parts/layers.js';
import {sourceName, sourceText} from '../parts/source.js';
import {scanBadge} from './images.js';

export async function show(view, {params, query, signal}) {
  fill(view, skeleton(6));
  let image = await get(`/images/${encodeURIComponent(params.id)}`, {signal});
  const at = `/images/${image.id}`;
  const copies = new Copies();
  const live = liveness();

  const title = h('div', {class: 'titled'}, h('h1', {text: image.name}));
  const mark = h('span');
  title.append(mark);
  const actions = h('div', {class: 'actions'});
  const about = h('span', {class: 'sourced'}, h('code', {text: sourceText(image.build_source)}), copyButton(sourceName(image.build_source), 'Copy the source'));
  const strip = h('div', {class: 'strip'});
  const over = h('div');
  const spread = fanout(copies, signal);
  let rescan = () => {};
  const stack = layers(at, signal);
  const parts = tabs('About this image', {
    workers: {title: 'Workers', show: panel => panel.append(spread.element)},
    findings: {title: 'Findings', show: panel => {
      rescan = findings(panel, image, signal);
    }},
    layers: {title: 'Layers', show: panel => panel.append(stack.element)},
    history: {title: 'History', show: panel => history(panel, `${at}/history`, signal)},
    details: {title: 'Details', show: panel => details(panel, image)},
  }, query.get('tab') ?? 'workers', name => note({tab: name === 'workers' ? '' : name}));
  fill(view,
    h('a', {class: 'crumb', href: '/console/images', text: '← Images'}),
    heading(title, about, live.element, actions), over, strip, parts.element);

  const draw = () => {
    refill(mark, image.status, () => badge(image.status));
    refill(strip, [image, copies.counts, copies.size, copies.pace()], () => statistics(image, copies));
    refill(actions, image.status, () => buttons(image, refresh));
    stack.update(image);
  };

  async function refresh() {
    image = await get(at, {signal});
    draw();
  }
  // A fan-out tells of hundreds of copies a second; the sum of them is asked for now and then.
  const refreshSoon = gently(1000, async () => {
    try {
      await refresh();
      if (over.dataset.of === 'refresh') fill(over);
    } catch (thrown) {
      if (isAbort(thrown)) return;
      over.dataset.of = 'refresh';
      fill(over, failure(thrown));
    }
  }, signal);
  const drawCopies = onceAFrame(() => {
    if (signal.aborted) return;
    const changed = copies.takeChanged();
    spread.update(changed, image);
    draw();
  });
  let lost = image.readiness.lost;

  draw();
  watch(`${at}/events`, {signal, onState(state, why) {
    live.set(state);
    over.dataset.of = 'stream';
    fill(over, state === 'over' && failure(why));
  }, onEvent(name, data) {
    if (name === 'snapshot') {
      copies.snapshot(data);
      if (data.image) {
        image = data.image;
        lost = image.readiness.lost;
      }
    } else if (name === 'cache') {
      copies.changed(data);
      if (data.status === 'ready' || data.status === 'failed') refreshSoon();
    } else if (name === 'progress') {
      copies.progressed(data);
    } else {
      refreshSoon();
      if (name === 'scan') rescan();
    }
    drawCopies();
  }});
  // What no event of this image tells: workers that are lost and come back.
  everySoOften(15_000, async () => {
    await refresh();
    const now = image.readiness.lost;
    if (now === lost) return;
    const known = copies.known;
    copies.merge(await all(`${at}/cache`, {signal}), known);
    lost = now;
    drawCopies();
  }, signal);
}

function statistics(image, copies) {
  const {ready, lost} = copies.counts;
  const targeted = copies.size - lost - copies.counts.evicted;
  const pace = copies.pace();
  const building = copies.counts.building + copies.counts.pending;
  const done = targeted > 0 && ready === targeted;
  return [
    tile('Ready', h('span', {class: 'number'}, h('b', {text: number(ready)}), ` of ${number(targeted)}`),
      meter('Workers that are ready', ready, targeted, done ? 'ready' : 'building'),
      building ? [rate(pace.perSecond), pace.eta !== null ? `${duration(pace.eta)} left` : ''].filter(Boolean).join(' · ')
        || `${percent(ready, targeted)} %` : targeted ? done ? 'everywhere it should be' : `${percent(ready, targeted)} %` : 'in no group yet'),
    tile('Usable', image.usable_at ? when(image.usable_at) : h('span', {class: 'quiet', text: 'not yet'}), null,
      image.complete_at ? ['complete ', when(image.complete_at)] : 'since the first copy'),
    tile('On disk', image.artifact ? h('b', {class: 'number', text: bytes(image.artifact.allocated_bytes)}) : h('span', {class: 'quiet', text: 'not baked yet'}),
      null, `of at most ${mib(image.size_mib)}`),
    tile('Scan', scanBadge(image), null, scanned(image)),
  ];
}

function scanned(image) {
  switch (image.scan_status) {
    case 'pending': return 'runs after the bake';
    case 'passed': return 'nothing known that the policy minds';
    case 'skipped': return 'no packages to judge';
    default: return image.scan_reason === 'NOT_BAKED' ? 'runs after the bake' : image.scan_reason === 'FINDINGS' ? 'known vulnerabilities' : 'could not judge';
  }
}

function tile(name, value, bar, fine) {
  return h('div', {class: 'tile'}, h('h2', {text: name}), h('div', {class: 'value'}, value), bar, h('p', {class: 'fine'}, fine));
}

function buttons(image, refresh) {
  const at = `/images/${image.id}`;
  if (image.status === 'deactivated') return [];
  const mine = session.may('scaibunker:images:manage');
  const warm = mine && doing(button('Warm', {icon: 'flame', title: 'Ask for the copies that are missing, failed or evicted'}), async () => {
    const {warm: counts} = await post(`${at}/warm`);
    toast(counts.queued ? `${counts.queued} asked for, ${counts.ready} ready` : `Nothing to do: ${counts.ready} ready${counts.skipped ? `, ${counts.skipped} skipped` : ''}`);
  });
  const scan = mine && doing(button('Scan', {icon: 'shield'}), async () => {
    await ask(`${at}/scan`);
    toast('A new scan was asked for');
    await refresh();
  });
  const retire = mine && doing(button('Deactivate', {kind: 'danger'}), async () => {
    const sure = await confirm(`Deactivate ${image.name}?`,
      'No new bunkers start from it, running ones stay. Its copies are collected, and its name is free again. This cannot be taken back.', 'Deactivate');
    if (!sure) return;
    await ask(`${at}/deactivate`);
    toast(`${image.name} is deactivated`);
    await refresh();
  });
  return [warm, scan, retire, session.may('scaibunker:create')
    && linkButton('Create a bunker', `/console/bunkers/new?image=${image.id}`, {icon: 'plus', kind: 'primary'})].filter(Boolean);
}

function details(panel, image) {
  panel.append(section(null, facts({
    'Id': h('code', {text: image.id}),
    'Scope': image.scope,
    'Description': image.description || '–',
    'Source': h('code', {text: sourceText(image.build_source)}),
    'Platform': image.build_source.platform ?? '–',
    'Manifest digest': digest(image.manifest_digest),
    'Artifact': digest(image.artifact?.digest),
    'Files': image.artifact ? image.artifact.entries.toLocaleString('en-GB') : '–',
    'Size cap': mib(image.size_mib),
    'A bunker gets': `${image.default_cpu_millicores / 1000} vCPU, ${mib(image.default_memory_mb)}, disk ${mib(image.default_disk_mb)}`,
    'Lazy pull': image.lazy_pull ? 'yes' : 'no',
    'Labels': Object.keys(image.labels).length ? h('span', {class: 'chips'}, Object.entries(image.labels).map(([name, value]) => h('span', {class: 'chip', text: `${name}=${value}`}))) : '–',
    'Registered': when(image.created_at),
    'Deactivated': image.deactivated_at ? when(image.deactivated_at) : undefined,
  })));
}
