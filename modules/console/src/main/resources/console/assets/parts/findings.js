// What is known to be wrong with an image, and how sure that is.

import {h, fill, keyed, refill} from '../lib/dom.js';
import {blob, call} from '../lib/api.js';
import {badge, button, doing, empty, facts, failure, section, skeleton, table, when} from '../lib/ui.js';
import {bytes, number, words} from '../lib/format.js';
import {searchBox} from './filters.js';

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'];
const COLUMNS = [{title: 'Vulnerability'}, {title: 'Severity'}, {title: 'Package'}, {title: 'Installed'}, {title: 'Fixed in'}, {title: 'Known here', class: 'right tight'}];
const PAGE = 200;
const BIG_PAGE = 1000;

/** So many are looked through when something is searched for; more is a matter for the API. */
const MOST = 20_000;

/** Answers what looks again, for when a scan has ended. */
export function findings(panel, image, signal) {
  const at = `/images/${image.id}`;
  const top = h('div', {class: 'stack'});
  const place = h('div', {class: 'card flush'}, skeleton());
  let severity = '';
  let wanted = '';
  let fixable = false;
  let rows = [];
  let cursor = null;
  let scan = null;
  let asked = 0;
  const further = doing(button('Show more'), () => load(rows.length + PAGE, true));
  const more = h('div', {class: 'actions', hidden: true}, further);
  const list = table('Findings', COLUMNS);
  list.element.classList.add('cards');
  const update = keyed(list.body, one => `${one.id} ${one.ecosystem} ${one.package} ${one.installed} ${one.path}`, findingRow);
  const narrowed = () => {
    draw();
    if (cursor && narrow()) load(MOST, true);
  };
  const onlyFixable = h('input', {type: 'checkbox', id: 'fixable', on: {change: event => {
    fixable = event.target.checked;
    narrowed();
  }}});
  const filters = h('div', {class: 'bar'},
    h('select', {'aria-label': 'Severity', class: 'short', on: {change: event => {
      severity = event.target.value;
      rows = [];
      load(narrow() ? MOST : PAGE);
    }}}, h('option', {value: '', text: 'All severities'}), SEVERITIES.map(name => h('option', {value: name, text: name}))),
    searchBox('Search findings', '', text => {
      wanted = text.toLowerCase();
      narrowed();
    }),
    h('label', {class: 'check', for: 'fixable'}, onlyFixable, 'A fix exists'),
    h('span', {class: 'space'}),
    doing(button('Bill of materials', {icon: 'download', kind: 'small', title: 'CycloneDX, as a file'}), async () =>
      download(await blob(`${at}/sbom`, {accept: 'application/vnd.cyclonedx+json', signal}), `${image.name}.cdx.json`)));
  panel.append(top, filters, place, more);
  load(PAGE);
  return () => load(Math.max(PAGE, rows.length));

  /** Only what the API cannot choose by: then all that is known is needed here. */
  function narrow() {
    return Boolean(wanted || fixable);
  }

  /** So many or what there is, anew or behind those that are here; what was asked for before is of no use any more. */
  async function load(many, further = false) {
    const mine = ++asked;
    try {
      let found = further ? rows : [];
      let next = further ? cursor : null;
      while (found.length < many) {
        const said = await call('GET', `${at}/scan`, {query: {severity, limit: Math.min(BIG_PAGE, many - found.length), cursor: next}, signal});
        if (mine !== asked) return;
        if (!next) refill(top, {...said.data, findings: null}, () => verdict(said.data));
        scan = said.data;
        found = [...found, ...said.data.findings];
        next = said.has_more ? said.next_cursor : null;
        if (next && found.length < Math.min(many, rows.length)) continue;
        rows = found;
        cursor = next;
        draw();
        if (!next) return;
      }
    } catch (thrown) {
      if (!signal.aborted && mine === asked) fill(place, failure(thrown, () => load(many, further)));
    }
  }

  function draw() {
    const shown = rows.filter(one => (!fixable || one.fixed) && `${one.id} ${one.aliases.join(' ')} ${one.package} ${one.source}`.toLowerCase().includes(wanted));
    update(shown);
    more.hidden = !cursor;
    if (shown.length) {
      if (place.firstChild !== list.element) fill(place, list.element);
    } else if (severity || narrow()) {
      fill(place, empty('search', 'Nothing fits', cursor ? `None of the first ${number(rows.length)} findings is like that.` : 'No finding is like that.'));
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
  const said = Object.entries(told).filter(([, value]) => value !== null && (typeof value !== 'object' || Object.keys(value).length)).map(([name, value]) => Array.isArray(value) ? value.length ? `${words(name)}: ${value.map(one => typeof one === 'object' ? one.text ?? one.reason ?? JSON.stringify(one) : one).join(', ')}` : ''
    : value !== null && typeof value === 'object' ? `${words(name)}: ${Object.entries(value).map(([one, count]) => `${one} ${count}`).join(', ')}` : `${words(name)}: ${name.endsWith('bytes') ? bytes(value) : {true: 'yes', false: 'no'}[value] ?? value}`);
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
