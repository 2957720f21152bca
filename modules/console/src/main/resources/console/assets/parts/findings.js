// What is known to be wrong with an image, and how sure that is.

import {h, fill, keyed} from '../lib/dom.js';
import {blob, call} from '../lib/api.js';
import {badge, button, doing, empty, facts, failure, section, skeleton, table, when} from '../lib/ui.js';
import {bytes, number, words} from '../lib/format.js';
import {choice, searchBox} from './filters.js';

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'];
const COLUMNS = [{title: 'Vulnerability'}, {title: 'Severity'}, {title: 'Package'}, {title: 'Installed'}, {title: 'Fixed in'}, {title: 'Known here', class: 'right tight'}];
const PAGE = 200;

export function findings(panel, image, signal) {
  const at = `/images/${image.id}`;
  const top = h('div', {class: 'stack'});
  const place = h('div', {class: 'card flush'}, skeleton());
  const more = h('div', {class: 'actions'});
  let severity = '';
  let wanted = '';
  let fixable = false;
  let rows = [];
  let cursor = null;
  const list = table('Findings', COLUMNS);
  list.element.classList.add('cards');
  const update = keyed(list.body, one => `${one.id} ${one.ecosystem} ${one.package} ${one.installed} ${one.path}`, findingRow);
  const onlyFixable = h('input', {type: 'checkbox', id: 'fixable', on: {change: event => {
    fixable = event.target.checked;
    draw();
  }}});
  const filters = h('div', {class: 'bar'},
    choice('Severity', {'': 'All', critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low'}, '', value => {
      severity = value;
      load(false);
    }),
    searchBox('Search findings', '', text => {
      wanted = text.toLowerCase();
      draw();
    }),
    h('label', {class: 'check', for: 'fixable'}, onlyFixable, 'A fix exists'),
    h('span', {class: 'space'}),
    doing(button('Bill of materials', {icon: 'download', kind: 'small', title: 'CycloneDX, as a file'}), async () =>
      download(await blob(`${at}/sbom`, {accept: 'application/vnd.cyclonedx+json', signal}), `${image.name}.cdx.json`)));
  panel.append(top, filters, place, more);
  load(false);

  async function load(further) {
    try {
      const said = await call('GET', `${at}/scan`, {query: {severity, limit: PAGE, cursor: further ? cursor : null}, signal});
      rows = further ? [...rows, ...said.data.findings] : said.data.findings;
      cursor = said.has_more ? said.next_cursor : null;
      if (!further) fill(top, ...verdict(said.data));
      draw(said.data);
    } catch (thrown) {
      if (!signal.aborted) fill(place, failure(thrown, () => load(further)));
    }
  }

  let scan = null;
  function draw(said = scan) {
    scan = said;
    const shown = rows.filter(one => (!fixable || one.fixed) && `${one.id} ${one.aliases.join(' ')} ${one.package} ${one.source}`.toLowerCase().includes(wanted));
    update(shown);
    fill(more, cursor && doing(button('Show more'), () => load(true)));
    if (shown.length) {
      if (place.firstChild !== list.element) fill(place, list.element);
    } else if (severity || wanted || fixable) {
      fill(place, empty('search', 'Nothing fits', 'No finding is like that.'));
    } else if (scan?.scan_status === 'passed') {
      fill(place, empty('check', 'Nothing known', 'All that was read was held against the advisories above, and nothing was found.'));
    } else {
      fill(place, empty('shield', 'No findings', scan?.scan_status === 'pending' ? 'The scan has not ended yet.' : 'Nothing could be judged: see above why.'));
    }
  }
}

function verdict(scan) {
  const counts = scan.counts ?? scan.previous?.counts;
  return [
    scan.message && h('p', {class: scan.scan_status === 'failed' ? 'notice' : 'quiet', text: scan.message}),
    counts && h('div', {class: 'severities'}, SEVERITIES.filter(name => name in counts).map(name =>
      h('div', {class: `severity ${counts[name] ? `is-${name}` : ''}`}, h('b', {class: 'number', text: number(counts[name])}), h('span', {text: name}))),
    'fixable' in counts && h('div', {class: 'severity'}, h('b', {class: 'number', text: number(counts.fixable)}), h('span', {text: 'fixable'}))),
    section(null, facts({
      'Verdict': scan.scan_status === 'failed' && scan.scan_reason !== 'FINDINGS' ? badge('warn', words((scan.scan_reason ?? '').toLowerCase())) : badge(scan.scan_status),
      'Scanner': scan.scanner ?? '–',
      'Asked': when(scan.requested_at),
      'Ended': scan.finished_at ? when(scan.finished_at) : '–',
      'Advisories': scan.database.length ? h('span', {}, scan.database.map(one =>
        h('span', {class: 'line'}, `${one.ecosystem}: ${one.records < 0 ? '' : `${number(one.records)} of `}${one.source}, ${one.age_days} d old`))) : 'none',
      'Looked at': scan.coverage ? coverage(scan.coverage) : '–',
    })),
  ];
}

function coverage(told) {
  const said = Object.entries(told).map(([name, value]) => Array.isArray(value) ? value.length ? `${words(name)}: ${value.map(one => typeof one === 'object' ? one.text ?? one.reason ?? JSON.stringify(one) : one).join(', ')}` : ''
    : value !== null && typeof value === 'object' ? `${words(name)}: ${Object.entries(value).map(([one, count]) => `${one} ${count}`).join(', ')}` : `${words(name)}: ${name.endsWith('bytes') ? bytes(value) : value}`);
  return h('span', {}, said.filter(Boolean).map(line => h('span', {class: 'line', text: line})));
}

function findingRow(one) {
  const element = h('tr', {},
    h('td', {'data-label': 'Vulnerability'}, h('span', {class: 'mono strong', text: one.id}),
      one.aliases.length > 0 && h('span', {class: 'sub', text: one.aliases.filter(name => name !== one.id).slice(0, 3).join(', ')})),
    h('td', {'data-label': 'Severity'}, badge(one.severity)),
    h('td', {'data-label': 'Package'}, h('span', {text: one.package}), h('span', {class: 'sub', text: [one.ecosystem, one.path].filter(Boolean).join(' · ')})),
    h('td', {'data-label': 'Installed', class: 'mono'}, one.installed),
    h('td', {'data-label': 'Fixed in', class: 'mono'}, one.fixed ?? h('span', {class: 'quiet', text: 'no fix'})),
    h('td', {'data-label': 'Known here', class: 'right tight quiet'}, when(one.since)));
  return {element};
}

/** Hands bytes over as a file. */
export function download(content, name) {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
