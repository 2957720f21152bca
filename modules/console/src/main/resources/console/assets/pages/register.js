// Registering an image.

import {h, fill} from '../lib/dom.js';
import {bytes} from '../lib/format.js';
import {call} from '../lib/api.js';
import {blame, failure, field, heading, section} from '../lib/ui.js';
import {session} from '../lib/session.js';
import {go} from '../lib/router.js';
import {choice} from '../parts/filters.js';

const SCOPES = {tenant: 'My tenant', partner: 'My partner', platform: 'Everyone'};

export async function show(view, {signal}) {
  let kind = 'oci';
  const name = field('Name', h('input', {required: true, maxlength: 128, placeholder: 'r-base-4.4', autocomplete: 'off', spellcheck: 'false'}),
    {name: 'name', hint: 'a–z, 0–9, and . _ - after the first; one active image of a name in its scope.'});
  const ref = field('Reference', h('input', {placeholder: 'docker.io/library/debian:12-slim', autocomplete: 'off', spellcheck: 'false'}),
    {name: 'ref', hint: 'In any OCI registry. A tag is pinned to its digest when it is first resolved.'});
  const platform = field('Platform', h('input', {placeholder: 'linux/amd64', autocomplete: 'off', spellcheck: 'false'}), {name: 'platform'});
  const path = field('Path', h('input', {placeholder: '/srv/images/rootfs.tar.zst', autocomplete: 'off', spellcheck: 'false'}),
    {name: 'path', hint: 'On the workers, below one of their tar roots: a tarball, a docker archive, or an OCI layout.'});
  const size = field('Size cap, MiB', h('input', {type: 'number', min: 8, max: 1048576, value: 1024, required: true}),
    {name: 'size_mib', hint: 'The file system may not be larger.'});
  const cpu = field('CPU, millicores', h('input', {type: 'number', min: 100, max: 64000, placeholder: '1000'}), {name: 'default_cpu_millicores'});
  const memory = field('Memory, MiB', h('input', {type: 'number', min: 64, placeholder: '512'}), {name: 'default_memory_mb'});
  const disk = field('Disk, MiB', h('input', {type: 'number', min: 64, placeholder: '1024'}), {name: 'default_disk_mb'});
  const description = field('Description', h('textarea', {maxlength: 4096}), {name: 'description'});
  const scope = field('Who may use it', h('select', {}, Object.entries(SCOPES).filter(([value]) => reaches(value)).map(([value, title]) =>
    h('option', {value, text: title}))), {name: 'scope'});
  const lazy = h('input', {type: 'checkbox', id: 'lazy'});
  const fields = [name, ref, platform, path, size, cpu, memory, disk, description, scope];

  const source = h('div', {class: 'stack'});
  const drawSource = () => fill(source, kind === 'oci' ? h('div', {class: 'form'}, wide(ref.element, 'two'), wide(platform.element, 'third')) : path.element);
  const said = h('div', {class: 'stack', 'aria-live': 'polite'}, preview());
  const rehearse = h('button', {type: 'button', class: 'button', on: {click: () => attempt(rehearse, async () => {
    const {data} = await call('POST', '/images', {query: {dry_run: true}, body: wish(), signal});
    fill(said, rehearsed(data));
  }, true)}}, h('span', {text: 'Dry run'}));
  const register = h('button', {type: 'submit', class: 'button primary'}, h('span', {text: 'Register'}));

  const form = h('form', {class: 'form card', novalidate: true, on: {submit: event => {
    event.preventDefault();
    attempt(register, async () => {
      const {data} = await call('POST', '/images', {body: wish(), signal});
      go(`/console/images/${data.id}`);
    });
  }}},
  name.element,
  h('div', {class: 'field'}, h('span', {class: 'label', text: 'Source'}), choice('Source', {oci: 'Registry', tar: 'Tarball on a worker'}, 'oci', value => {
    kind = value;
    drawSource();
  })),
  source,
  wide(size.element, 'half'), wide(scope.element, 'half'),
  wide(cpu.element, 'third'), wide(memory.element, 'third'), wide(disk.element, 'third'),
  h('p', {class: 'hint', text: 'What a bunker gets unless its creator says otherwise.'}),
  description.element,
  h('label', {class: 'check', for: 'lazy'}, lazy, h('span', {text: 'Bunkers may be placed before the copy is there, and wait for it (lazy pull)'})),
  h('div', {class: 'actions end'}, rehearse, register));
  drawSource();
  fill(view, h('a', {class: 'crumb', href: '/console/images', text: '← Images'}),
    heading('Register an image', 'Baked once, on one worker; the others fetch it from there.'),
    h('div', {class: 'columns'}, form, said));
  name.control.focus();

  function wish() {
    const body = {
      name: name.control.value.trim(),
      build_source: kind === 'oci' ? {kind, ref: ref.control.value.trim(), ...platform.control.value.trim() ? {platform: platform.control.value.trim()} : {}}
        : {kind, path: path.control.value.trim()},
      size_mib: Number(size.control.value),
      lazy_pull: lazy.checked,
      scope: scope.control.value,
    };
    if (description.control.value) body.description = description.control.value;
    for (const one of [cpu, memory, disk]) if (one.control.value) body[one.name] = Number(one.control.value);
    return body;
  }

  async function attempt(element, work, keeps = false) {
    fields.forEach(one => one.complain(null));
    element.disabled = true;
    try {
      await work();
    } catch (thrown) {
      if (!signal.aborted && !blame(fields, thrown)) fill(said, failure(thrown));
      else if (!signal.aborted && !keeps) fill(said, preview());
    } finally {
      element.disabled = false;
    }
  }
}

const wide = (element, how) => {
  element.classList.add(how);
  return element;
};

function reaches(scope) {
  const reach = session.who?.reach ?? 'platform';
  const order = ['tenant', 'partner', 'platform'];
  return order.indexOf(scope) <= order.indexOf(reach);
}

const VERDICTS = {
  fits: 'fits, as it did before',
  likely_fits: 'probably fits',
  tight: 'may not fit: layers grow when they are unpacked',
  exceeds: 'does not fit',
  unknown: 'not known',
};

/** What a dry run has told. Nothing of it has moved. */
function rehearsed({source, cap, workers, more_workers: more}) {
  const layers = source.layers.length + source.more_layers;
  const fact = (term, ...said) => h('div', {}, h('dt', {text: term}), h('dd', {}, ...said));
  const names = workers.map(worker => worker.worker_name).join(', ');
  return section('Dry run: nothing has moved', h('dl', {class: 'facts'},
    source.error ? fact('Source', `${source.error.code}: ${source.error.message}`) : [
      fact('Source', h('code', {text: source.digest})),
      fact('Layers', `${layers}, ${bytes(source.size_bytes)} as stored`),
    ],
    fact('Size cap', `${cap.size_mib} MiB ${VERDICTS[cap.verdict]}${cap.needed_bytes === null ? '' : ` (${bytes(cap.needed_bytes)})`}`),
    fact('Workers', workers.length ? `${workers.length + more}: ${names}${more ? ', …' : ''}` : 'none: no group of yours covers it')),
  source.layers.length ? h('details', {}, h('summary', {text: 'Layers, lowest first'}),
    h('ol', {class: 'steps'}, source.layers.map(layer => h('li', {}, h('code', {text: layer.digest.slice(7, 19)}), ` ${bytes(layer.size_bytes)}`)))) : null);
}

function preview() {
  return section('What will happen', h('ol', {class: 'steps'},
    h('li', {text: 'Each worker of the groups that cover the image gets a row, pending at first.'}),
    h('li', {text: 'One worker resolves the reference, pins its digest and bakes one ext4 file.'}),
    h('li', {text: 'The others fetch it from there, and from each other.'}),
    h('li', {text: 'What it holds is scanned for known vulnerabilities. That never stops a bunker.'})));
}
