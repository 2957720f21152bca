// Which page an address means. Pages come as modules, when they are first needed.

import {fill, h} from './dom.js';
import {isAbort} from './api.js';
import {closeDialogs, failure, heading} from './ui.js';

const ROOT = '/console';
const ROUTES = [
  ['/', () => import('../pages/images.js')],
  ['/images', () => import('../pages/images.js')],
  ['/images/new', () => import('../pages/register.js')],
  ['/images/:id', () => import('../pages/image.js')],
  ['/groups', () => import('../pages/groups.js')],
  ['/groups/:id', () => import('../pages/group.js')],
  ['/workers', () => import('../pages/workers.js')],
  ['/workers/:id', () => import('../pages/worker.js')],
  ['/bunkers', () => import('../pages/bunkers.js')],
  ['/bunkers/new', () => import('../pages/create.js')],
  ['/bunkers/:id', () => import('../pages/bunker.js')],
  ['/fleet', () => import('../pages/fleet.js')],
];

let main = null;
let current = null;
let onShown = () => {};

/** Pages are shown in `place` until the router is stopped; `shown(path)` is called before each. */
export function startRouter(place, shown) {
  main = place;
  onShown = shown;
  show(false);
}

export function stopRouter() {
  current?.abort();
  current = null;
  main = null;
  closeDialogs();
}

/** Once, however often a session begins and ends. */
export function hearNavigation() {
  addEventListener('popstate', () => show(false));
  document.addEventListener('click', event => {
    const link = event.target.closest?.('a[href]');
    if (!main || !link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey
        || link.hasAttribute('download') || link.target) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !isOurs(url.pathname)) return;
    event.preventDefault();
    if (url.hash && url.pathname === location.pathname) {
      document.getElementById(url.hash.slice(1))?.focus();
      return;
    }
    go(url.pathname + url.search);
  });
}

const isOurs = path => path === ROOT || path.startsWith(`${ROOT}/`);

export function go(path) {
  history.pushState(null, '', path);
  show(true);
}

/** The address changes, the page stays: a tab, a filter. */
export function note(query) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(query)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  history.replaceState(null, '', url);
}

async function show(moveFocus) {
  if (!main) return;
  current?.abort();
  closeDialogs();
  const mine = current = new AbortController();
  const path = location.pathname.slice(ROOT.length).replace(/\/$/, '') || '/';
  const found = find(path);
  onShown(path);
  try {
    if (!found) {
      fill(main, h('div', {class: 'page'}, heading('There is no such page', h('span', {}, 'The address may be old. ', h('a', {href: ROOT, text: 'Go to the images'}), '.'))));
    } else {
      const page = await found.load().catch(unfetched);
      if (mine.signal.aborted) return;
      const view = h('div', {class: 'page'});
      fill(main, view);
      await page.show(view, {params: found.params, query: new URLSearchParams(location.search), signal: mine.signal});
    }
  } catch (thrown) {
    if (mine.signal.aborted || isAbort(thrown)) return;
    fill(main, h('div', {class: 'page'}, failure(thrown, () => show(false))));
  }
  if (mine.signal.aborted) return;
  const title = main.querySelector('h1');
  document.title = title ? `${title.textContent} · ScaiBunker` : 'ScaiBunker';
  if (moveFocus) {
    scrollTo(0, 0);
    if (title) {
      title.tabIndex = -1;
      title.focus({preventScroll: true});
    }
  }
}

/** A browser says that in words for those who wrote the page. */
function unfetched() {
  throw new Error('This page of the console could not be fetched: the platform does not answer.');
}

function find(path) {
  const parts = path.split('/');
  for (const [pattern, load] of ROUTES) {
    const wanted = pattern.split('/');
    if (wanted.length !== parts.length) continue;
    const params = {};
    const fits = wanted.every((want, index) => {
      if (!want.startsWith(':')) return want === parts[index];
      const name = decoded(parts[index]);
      params[want.slice(1)] = name;
      return Boolean(name);
    });
    if (fits) return {load, params};
  }
  return null;
}

/** Null where an address is none: a stray percent sign. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
