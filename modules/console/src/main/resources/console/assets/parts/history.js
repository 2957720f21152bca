// What happened to something, the newest first.

import {h, fill} from '../lib/dom.js';
import {call} from '../lib/api.js';
import {clock, words} from '../lib/format.js';
import {badge, button, doing, empty, failure, skeleton} from '../lib/ui.js';

const PAGE = 100;

export function history(panel, path, signal) {
  const list = h('ol', {class: 'history'});
  const earlier = doing(button('Show earlier'), () => load(cursor));
  const more = h('div', {class: 'actions', hidden: true}, earlier);
  const place = h('div', {class: 'card'}, skeleton());
  let cursor = null;
  let day = '';
  panel.append(h('div', {class: 'bar'}, h('p', {class: 'quiet', text: 'Every change, as the platform\'s log has it.'}), h('span', {class: 'space'}),
    doing(button('Refresh', {icon: 'refresh', kind: 'small'}), () => {
      list.replaceChildren();
      day = '';
      return load(null);
    })), place, more);

  async function load(from) {
    try {
      const said = await call('GET', path, {query: {limit: PAGE, cursor: from}, signal});
      cursor = said.has_more ? said.next_cursor : null;
      for (const event of said.data) {
        const date = new Date(event.at).toLocaleDateString('en-GB', {weekday: 'long', day: 'numeric', month: 'long'});
        if (date !== day) list.append(h('li', {class: 'day'}, h('h3', {text: day = date})));
        list.append(h('li', {}, h('time', {datetime: event.at, class: 'number quiet', text: clock(event.at)}), ...told(event)));
      }
      more.hidden = !cursor;
      fill(place, list.children.length ? list : empty('refresh', 'Nothing yet', 'What happens will be told here.'));
    } catch (thrown) {
      if (!signal.aborted) fill(place, failure(thrown, () => load(from)));
    }
  }
  load(null);
}

function told({kind, data}) {
  switch (kind) {
    case 'image': return data.status === 'deactivated' ? [badge('deactivated'), h('span', {text: 'The image was deactivated.'})]
      : data.artifact_digest ? [badge('ready', 'baked'), h('span', {text: 'It was baked: '}, h('code', {text: data.artifact_digest.slice(0, 19)}))]
        : data.manifest_digest ? [badge('building', 'pinned'), h('span', {text: 'Its reference was resolved: '}, h('code', {text: data.manifest_digest.slice(0, 19)}))]
          : [badge('active', 'registered'), h('span', {text: 'The image was registered.'})];
    case 'cache': return [badge(data.status, data.phase ? words(data.phase) : data.status), h('span', {}, h('strong', {text: data.worker_name}),
      data.error ? h('span', {class: 'error', text: ` ${data.error.code}: ${data.error.message}`})
        : data.attempts > 1 ? ` try ${data.attempts}` : '')];
    case 'scan': return [badge(data.scan_status === 'failed' && data.scan_reason !== 'FINDINGS' ? 'warn' : data.scan_status, `scan ${data.scan_status}`),
      h('span', {text: [data.scan_reason, data.message].filter(Boolean).join(': ')})];
    case 'bunker': return [badge(data.status), h('span', {text: data.failure ? `${data.failure.code}: ${data.failure.message}` : ''})];
    case 'bunker_snapshot': return [badge(data.status, `snapshot ${data.status}`), h('span', {}, h('code', {text: data.id}),
      data.error ? h('span', {class: 'error', text: ` ${data.error.code}: ${data.error.message}`}) : '')];
    default: return [badge('unknown', kind), h('span', {text: JSON.stringify(data)})];
  }
}
