// One bunker: how it stands, live; why it is where it is; its terminal, files and console.

import {h, fill, refill} from '../lib/dom.js';
import {ask, get, isAbort, remove} from '../lib/api.js';
import {gently, watch} from '../lib/stream.js';
import {session} from '../lib/session.js';
import {cores, mib, number, plural, words} from '../lib/format.js';
import {badge, button, complain, confirm, doing, empty, facts, failure, heading, liveness, section, skeleton, tabs, toast, when} from '../lib/ui.js';
import {note} from '../lib/router.js';
import {files} from '../parts/files.js';
import {history} from '../parts/history.js';
import {terminal} from '../parts/terminal.js';

export async function show(view, {params, query, signal}) {
  fill(view, skeleton());
  const at = `/bunkers/${encodeURIComponent(params.id)}`;
  let bunker = await get(at, {signal});
  const state = h('span');
  const actions = h('div', {class: 'actions'});
  const live = liveness();
  const over = h('div');
  const about = h('div', {class: 'columns'});
  const open = panel => how => whenRunning(panel, how);
  const waiting = new Map();
  let lost = false;

  /** What needs a running machine is begun when it runs. */
  function whenRunning(panel, begin) {
    waiting.set(panel, begin);
    settle();
  }
  function settle() {
    for (const [panel, begin] of waiting) {
      if (bunker.status === 'running') {
        waiting.delete(panel);
        panel.replaceChildren();
        begin();
      } else {
        refill(panel, bunker.status, () => h('div', {class: 'card'}, unopened()));
      }
    }
  }
  function unopened() {
    if (ended()) return empty('stop', 'It has ended', 'What ran in it is gone. Its history stays.');
    if (bunker.status === 'paused') return empty('pause', 'It is paused', 'This opens by itself when it goes on.');
    return empty('bunkers', 'It is starting', `It is ${words(bunker.status)}; this opens by itself as soon as it runs.`);
  }
  const ended = () => ['terminated', 'failed', 'terminating'].includes(bunker.status);

  const parts = {
    ...session.may('scaibunker:shell') && {terminal: {title: 'Terminal', show: panel => open(panel)(() => terminal(panel, at, signal))}},
    ...session.may('scaibunker:files') && {files: {title: 'Files', show: panel => open(panel)(() => files(panel, at, signal))}},
    console: {title: 'Console', show: panel => open(panel)(() => logs(panel, at, signal))},
    history: {title: 'History', show: panel => history(panel, `${at}/history`, signal)},
  };
  const tabbed = tabs('About this bunker', parts, query.get('tab') ?? Object.keys(parts)[0], name => note({tab: name}));
  fill(view, h('a', {class: 'crumb', href: '/console/bunkers', text: '← Bunkers'}),
    heading(h('div', {class: 'titled'}, h('h1', {text: bunker.name}), state), h('span', {}, 'from ', h('a', {href: `/console/images/${bunker.image_id}`, text: bunker.image_name ?? bunker.image_id})),
      live.element, actions), over, about, tabbed.element);

  function draw() {
    refill(state, bunker.status, () => badge(bunker.status));
    refill(actions, bunker.status, () => [['running', 'paused'].includes(bunker.status) && turn(), !ended() && end()]);
    if (!lost) fill(over, bunker.failure && failure({message: bunker.failure.message, code: bunker.failure.code}));
    refill(about, bunker, () => [section(null, facts({
      'Room': `${cores(bunker.cpu_millicores)}, ${mib(bunker.memory_mb)}, disk ${mib(bunker.disk_mb)}`,
      'Lifecycle': bunker.lifecycle_mode,
      'Network': bunker.network_profile,
      'Created': when(bunker.created_at),
      'Running since': bunker.started_at ? when(bunker.started_at) : '–',
      'Ended': bunker.ended_at ? when(bunker.ended_at) : undefined,
      'Id': h('code', {text: bunker.id}),
    })), placement(bunker)]);
    settle();
  }
  function end() {
    return doing(button('End it', {kind: 'danger', icon: 'stop'}), async () => {
      if (await confirm(`End ${bunker.name}?`, 'What runs in it ends, and what it wrote is gone.', 'End it')) {
        bunker = await remove(at);
        toast(`${bunker.name} is ending`);
        draw();
      }
    });
  }
  function turn() {
    const paused = bunker.status === 'paused';
    return doing(button(paused ? 'Resume' : 'Pause', {icon: paused ? 'play' : 'pause'}), async () => {
      bunker = await ask(`${at}/${paused ? 'resume' : 'pause'}`);
      toast(paused ? `${bunker.name} runs on` : `${bunker.name} is being paused`);
      draw();
    });
  }
  draw();
  // An event tells less than the bunker's own answer. One is asked for at a time, so that an older one never comes last.
  const refreshSoon = gently(500, async () => {
    try {
      bunker = await get(at, {signal});
      draw();
    } catch (thrown) {
      if (!isAbort(thrown)) complain(thrown);
    }
  }, signal);
  watch(`${at}/events`, {signal, onState(now, why) {
    live.set(now);
    lost = now === 'over';
    if (lost) fill(over, failure(why));
  }, onEvent(name, data) {
    if (name === 'end') return;
    if (name === 'snapshot') bunker = data.bunker;
    else {
      if (name === 'bunker') Object.assign(bunker, data);
      refreshSoon();
    }
    draw();
  }});
}

function placement(bunker) {
  const told = bunker.placement ?? {};
  const {considered, passed_over: over, copy} = told;
  const passed = Object.entries(over ?? {});
  return section('Why this worker', facts({
    'Worker': session.may('scaibunker:admin', 'scaibunker:admin:tenant', 'scaibunker:admin:platform', 'scaibunker:images:manage')
      ? h('a', {href: `/console/workers/${bunker.worker_id}`, text: 'see the worker'}) : h('code', {text: bunker.worker_id}),
    'Its copy': words(copy) || '–',
    'Looked at': considered === undefined ? undefined : plural(considered, 'worker'),
  }), told.reason && h('p', {text: told.reason}), passed.length > 0 && h('h3', {class: 'passed', text: 'Passed over'}), passed.length > 0 && h('ul', {class: 'reasons'}, passed.map(([reason, count]) => h('li', {}, badge('pending', words(reason)), h('span', {class: 'number', text: number(count)})))));
}

function logs(panel, at, signal) {
  const text = h('pre', {class: 'console', tabIndex: 0, 'aria-label': 'What its console said'});
  const load = async () => {
    try {
      const {console: said} = await get(`${at}/logs`, {signal});
      text.textContent = said || 'Nothing yet.';
      text.scrollTop = text.scrollHeight;
    } catch (thrown) {
      if (!signal.aborted) fill(panel, failure(thrown));
    }
  };
  panel.append(h('div', {class: 'bar'}, h('p', {class: 'quiet', text: 'The last 64 KiB that its console said.'}), h('span', {class: 'space'}),
    doing(button('Refresh', {icon: 'refresh', kind: 'small'}), load)), text);
  load();
}
