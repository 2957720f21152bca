// A new bunker: what it is made of, and where it may start.

import {h, fill} from '../lib/dom.js';
import {all, post} from '../lib/api.js';
import {byName, plural} from '../lib/format.js';
import {badge, blame, button, failure, field, heading, section} from '../lib/ui.js';
import {session} from '../lib/session.js';
import {go} from '../lib/router.js';

const MODES = {ephemeral: 'ephemeral: gone when it ends', session: 'session: for one session', persistent: 'persistent: comes back on its disk'};
const NETWORKS = {isolated: 'isolated: no network', registry: 'registry: package and image registries', allowlisted: 'allowlisted: what is named below',
  unrestricted: 'unrestricted: all that is public'};
const NEEDS = {session: 'scaibunker:create:session', persistent: 'scaibunker:create:persistent',
  registry: 'scaibunker:network:registry', allowlisted: 'scaibunker:network:allowlisted', unrestricted: 'scaibunker:network:unrestricted'};

/** What the API needs for itself, beside the time that a bunker may wait for a copy. */
const PATIENCE_MS = 90_000;

export async function show(view, {query, signal}) {
  const images = (await all('/images', {query: {status: 'active'}, signal})).sort((one, other) => byName(one.name, other.name));
  const chosen = query.get('image');
  const image = field('Image', h('select', {required: true, on: {change: () => suggest()}}, images.map(one =>
    h('option', {value: one.id, selected: one.id === chosen || one.name === chosen, text: `${one.name} · ${one.readiness.ready} of ${one.readiness.targeted} ready`}))), {name: 'image'});
  const name = field('Name', h('input', {placeholder: 'notebook', autocomplete: 'off', spellcheck: 'false'}), {name: 'name', hint: 'Without one it is called by its id.'});
  const cpu = field('CPU, millicores', h('input', {type: 'number', min: 100, max: 64000}), {name: 'cpu_millicores'});
  const memory = field('Memory, MiB', h('input', {type: 'number', min: 64}), {name: 'memory_mb'});
  const disk = field('Disk, MiB', h('input', {type: 'number', min: 64}), {name: 'disk_mb'});
  const mode = field('Lifecycle', h('select', {}, choices(MODES)), {name: 'lifecycle_mode'});
  const env = field('Environment', h('textarea', {placeholder: 'LANG=C.UTF-8', spellcheck: 'false', class: 'mono'}), {name: 'env_vars', hint: 'One NAME=value a line.'});
  const network = field('Network', h('select', {on: {change: () => allowlist.element.hidden = network.control.value !== 'allowlisted'}}, choices(NETWORKS)), {name: 'network_profile'});
  const allowlist = field('It may reach', h('textarea', {placeholder: 'example.org:443', spellcheck: 'false', class: 'mono'}), {name: 'network_allowlist',
    hint: 'One a line: a name, *.name, an address or a block of them; with :port for that alone.'});
  allowlist.element.hidden = true;
  const life = field('Lives at most, s', h('input', {type: 'number', min: 0, placeholder: 'as usual'}), {name: 'max_lifetime_s', hint: '0: as long as it likes.'});
  const idle = field('Unused at most, s', h('input', {type: 'number', min: 0, placeholder: 'as usual'}), {name: 'idle_timeout_s', hint: '0: as long as it likes.'});
  const wait = field('Wait for a copy, s', h('input', {type: 'number', min: 0, max: 600, placeholder: '0'}), {name: 'wait_for_image_s', hint: 'Where none is ready.'});
  const fields = [image, name, cpu, memory, disk, mode, env, network, allowlist, life, idle, wait];
  const more = h('details', {class: 'more'}, h('summary', {text: 'Network, time limits, waiting'}),
    h('div', {class: 'form'}, network.element, allowlist.element, third(life), third(idle), third(wait)));
  const create = h('button', {type: 'submit', class: 'button primary'}, h('span', {text: 'Create'}));
  const said = h('div', {class: 'stack', 'aria-live': 'polite'});

  function suggest() {
    const one = images.find(known => known.id === image.control.value);
    if (!one) return;
    cpu.control.placeholder = one.default_cpu_millicores;
    memory.control.placeholder = one.default_memory_mb;
    disk.control.placeholder = one.default_disk_mb;
    fill(said, section('Where it may start', one.readiness.ready
      ? h('p', {}, badge('ready', plural(one.readiness.ready, 'worker')), h('span', {class: 'quiet', text: ` have ${one.name} ready. The emptiest of those with room takes it.`}))
      : h('p', {}, badge('pending', 'nowhere yet'), h('span', {class: 'quiet', text: ` No copy of ${one.name} is ready. `}), h('a', {href: `/console/images/${one.id}`, text: 'See how it stands'}))));
  }

  const form = h('form', {class: 'form card', novalidate: true, on: {submit: event => {
    event.preventDefault();
    attempt();
  }}}, image.element, name.element, third(cpu), third(memory), third(disk), mode.element, env.element, more, h('div', {class: 'actions end'}, create));

  async function attempt() {
    fields.forEach(one => one.complain(null));
    const lines = env.control.value.split('\n').filter(line => line.trim());
    const odd = lines.find(line => !/^\s*[^\s=]+\s*=/.test(line));
    if (odd) {
      env.complain(`«${odd.trim()}» has no value. Each line is NAME=value.`);
      env.control.focus();
      return;
    }
    create.disabled = true;
    try {
      const bunker = await post('/bunkers', wish(lines), {signal, patience: PATIENCE_MS + 1000 * Number(wait.control.value)});
      go(`/console/bunkers/${bunker.id}`);
    } catch (thrown) {
      if (signal.aborted) return;
      if (thrown.code === 'NO_SUITABLE_WORKER' || thrown.code === 'WORKER_UNAVAILABLE') fill(said, refusal(thrown));
      else if (!blame(fields, thrown)) fill(said, failure(thrown));
      if (more.querySelector('[aria-invalid]')) more.open = true;
      create.disabled = false;
    }
  }

  function wish(lines) {
    const body = {image: image.control.value, lifecycle_mode: mode.control.value};
    if (name.control.value.trim()) body.name = name.control.value.trim();
    for (const one of [cpu, memory, disk, life, idle, wait]) if (one.control.value) body[one.name] = Number(one.control.value);
    if (network.control.value !== 'isolated') body.network_profile = network.control.value;
    if (network.control.value === 'allowlisted') body.network_allowlist = allowlist.control.value.split('\n').map(line => line.trim()).filter(Boolean);
    if (lines.length) body.env_vars = Object.fromEntries(lines.map(line => [line.split('=')[0].trim(), line.slice(line.indexOf('=') + 1)]));
    return body;
  }

  /** Why nobody took it, counted; and again, when it is worth it. */
  function refusal(thrown) {
    let left = thrown.retryAfter;
    const again = button('Try again', {on: () => {
      clearInterval(ticking);
      attempt();
    }});
    const count = h('span', {class: 'quiet', text: left ? `worth another try in ${left} s` : ''});
    const ticking = setInterval(() => {
      left--;
      count.textContent = left > 0 ? `worth another try in ${left} s` : 'worth another try now';
      if (left <= 0 || signal.aborted) clearInterval(ticking);
    }, 1000);
    if (!left) clearInterval(ticking);
    return section('Nobody took it', h('p', {text: thrown.message}),
      h('ul', {class: 'reasons'}, thrown.details.map(detail => h('li', {}, badge({no_room: 'warn', lost: 'lost', draining: 'draining', copy_failed: 'failed', copy_building: 'building'}[detail.field] ?? 'pending',
        detail.field.replaceAll('_', ' ')), h('span', {text: detail.message})))),
      h('p', {class: 'fine'}, h('code', {text: thrown.code}), ' request ', h('code', {text: thrown.requestId})),
      h('div', {class: 'actions'}, again, count));
  }

  suggest();
  fill(view, h('a', {class: 'crumb', href: '/console/bunkers', text: '← Bunkers'}), heading('Create a bunker', 'A microVM with a kernel and a disk of its own.'),
    images.length ? h('div', {class: 'columns'}, form, said) : section('There is no image yet', h('p', {class: 'quiet'}, 'A bunker starts from an image. ', h('a', {href: '/console/images/new', text: 'Register one'}), ' first.')));
}

const choices = options => Object.entries(options).filter(([value]) => !NEEDS[value] || session.may(NEEDS[value]))
  .map(([value, text]) => h('option', {value, text}));

const third = one => {
  one.element.classList.add('third');
  return one.element;
};
