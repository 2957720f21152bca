// Availability groups: which workers hold which images.

import {h, fill, keyed, say} from '../lib/dom.js';
import {all, post} from '../lib/api.js';
import {everySoOften} from '../lib/stream.js';
import {session} from '../lib/session.js';
import {plural} from '../lib/format.js';
import {blame, button, empty, failure, field, heading, modal, skeleton, table, when} from '../lib/ui.js';
import {go} from '../lib/router.js';

const COLUMNS = [{title: 'Group'}, {title: 'Holds'}, {title: 'Workers', class: 'right'}, {title: 'Scope'}, {title: 'Age', class: 'right tight'}];

export async function show(view, {signal}) {
  const place = h('div', {class: 'card flush'}, skeleton());
  const may = session.may('scaibunker:admin:tenant', 'scaibunker:admin:platform');
  const make = () => may && button('New group', {icon: 'plus', kind: 'primary', on: () => newGroup()});
  fill(view, heading('Groups', 'A group says which workers hold which images. Put both in, and the fan-out begins.', make()), place);
  const list = table('Availability groups', COLUMNS);
  list.element.classList.add('cards');
  const update = keyed(list.body, group => group.id, groupRow);
  let known = null;
  const refresh = everySoOften(5000, async () => {
    try {
      known = await all('/availability-groups', {signal});
    } catch (thrown) {
      if (known === null && !signal.aborted) fill(place, failure(thrown, refresh));
      throw thrown;
    }
    update(known);
    if (known.length && place.firstChild !== list.element) fill(place, list.element);
    else if (!known.length) {
      fill(place, empty('groups', 'No groups yet', 'Without a group no worker holds anything. Make one, put workers in, and choose whether it holds all your images or those you list.', make()));
    }
  }, signal);
}

function groupRow(group) {
  const holds = h('span');
  const workers = h('span', {class: 'number'});
  return {element: h('tr', {class: 'to'},
    h('td', {'data-label': 'Group'}, h('a', {class: 'name', href: `/console/groups/${group.id}`, text: group.name}), h('span', {class: 'sub', text: group.description})),
    h('td', {'data-label': 'Holds'}, holds),
    h('td', {'data-label': 'Workers', class: 'right'}, workers),
    h('td', {'data-label': 'Scope'}, group.scope),
    h('td', {'data-label': 'Age', class: 'right tight quiet'}, when(group.created_at))),
  update(now) {
    say(holds, now.image_policy === 'all' ? 'all images' : plural(now.image_ids.length, 'listed image'));
    say(workers, String(now.worker_ids.length));
  }};
}

function newGroup() {
  const name = field('Name', h('input', {required: true, placeholder: 'gpu-west', autocomplete: 'off', spellcheck: 'false'}), {name: 'name'});
  const description = field('Description', h('input', {maxlength: 4096}), {name: 'description'});
  const policy = field('It holds', h('select', {}, h('option', {value: 'all', text: 'all images that its owner sees'}), h('option', {value: 'listed', text: 'the images I list'})), {name: 'image_policy'});
  const scope = field('Scope', h('select', {}, h('option', {value: 'tenant', text: 'my tenant'}),
    session.may('scaibunker:admin:platform') && h('option', {value: 'platform', text: 'the platform'})), {name: 'scope'});
  const fields = [name, description, policy, scope];
  const said = h('div');
  const make = h('button', {type: 'submit', class: 'button primary'}, h('span', {text: 'Make it'}));
  const dialog = modal('New group', h('form', {class: 'stack', novalidate: true, on: {submit: async event => {
    event.preventDefault();
    if (make.disabled) return;
    make.disabled = true;
    fill(said);
    try {
      const group = await post('/availability-groups', {name: name.control.value.trim(), image_policy: policy.control.value, scope: scope.control.value,
        ...description.control.value ? {description: description.control.value} : {}});
      dialog.close();
      go(`/console/groups/${group.id}`);
    } catch (thrown) {
      if (!blame(fields, thrown)) {
        if (thrown.code === 'NAME_TAKEN') name.complain(thrown.message);
        else fill(said, failure(thrown));
      }
      make.disabled = false;
    }
  }}}, ...fields.map(one => one.element), said,
  h('div', {class: 'actions'}, button('Cancel', {on: () => dialog.close()}), make)));
  name.control.focus();
}
