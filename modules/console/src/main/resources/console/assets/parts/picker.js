// Choosing some of many, in a dialog.

import {h, fill, say} from '../lib/dom.js';
import {button, failure, modal} from '../lib/ui.js';
import {searchBox} from './filters.js';

const SHOWN = 200;

/** `choices`: `{id, name, about}`; `take(ids)` is called with what was chosen. */
export function pick(title, choices, take) {
  const chosen = new Set();
  const list = h('ul', {class: 'list picks'});
  const enough = button('Add', {kind: 'primary'});
  enough.disabled = true;
  const count = h('span', {class: 'quiet fine', role: 'status'});
  let wanted = '';
  const draw = () => {
    const fit = choices.filter(one => `${one.name} ${one.about}`.toLowerCase().includes(wanted));
    fill(list, fit.slice(0, SHOWN).map((one, index) => h('li', {}, h('label', {class: 'check', for: `pick-${index}`},
      h('input', {type: 'checkbox', id: `pick-${index}`, checked: chosen.has(one.id), on: {change: event => {
        if (event.target.checked) chosen.add(one.id);
        else chosen.delete(one.id);
        tell();
      }}}), h('span', {class: 'strong', text: one.name}), h('span', {class: 'quiet cut', text: one.about})))));
    if (!fit.length) fill(list, h('li', {class: 'quiet', text: choices.length ? 'Nothing fits.' : 'There is nothing more to add.'}));
    tell(fit.length);
  };
  const tell = fit => {
    enough.disabled = chosen.size === 0;
    say(count, chosen.size ? `${chosen.size} chosen` : fit > SHOWN ? `the first ${SHOWN} of ${fit}` : '');
  };
  const everything = button('All that fit', {kind: 'small', on: () => {
    choices.filter(one => `${one.name} ${one.about}`.toLowerCase().includes(wanted)).slice(0, 1000).forEach(one => chosen.add(one.id));
    draw();
  }});
  const said = h('div');
  draw();
  const dialog = modal(title,
    h('div', {class: 'bar'}, searchBox('Search', '', text => {
      wanted = text.toLowerCase();
      draw();
    }), everything), list, said,
    h('div', {class: 'actions'}, count, button('Cancel', {on: () => dialog.close()}), enough));
  enough.addEventListener('click', async () => {
    enough.disabled = true;
    fill(said);
    try {
      await take([...chosen]);
      dialog.close();
    } catch (thrown) {
      fill(said, failure(thrown));
      enough.disabled = false;
    }
  });
}
