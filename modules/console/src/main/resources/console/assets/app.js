// The console: signed in or not, the frame around the pages, who one is.

import {h, fill} from './lib/dom.js';
import {icon} from './lib/icons.js';
import {get} from './lib/api.js';
import {session} from './lib/session.js';
import {hearNavigation, startRouter, stopRouter} from './lib/router.js';
import {notice} from './lib/stale.js';
import {failure, keepTime, skeleton} from './lib/ui.js';

const app = document.getElementById('app');
const PLACES = [
  ['/images', 'images', 'Images'],
  ['/bunkers', 'bunkers', 'Bunkers'],
  ['/workers', 'workers', 'Workers'],
  ['/groups', 'groups', 'Groups'],
  ['/fleet', 'fleet', 'Fleet'],
];

let begun = 0;

session.onChange(begin);
hearNavigation();
keepTime();
begin();

/** Signing in, or the pages: those only when it is known who looks, since what they offer depends on it. */
async function begin() {
  const mine = ++begun;
  stopRouter();
  if (!session.key) {
    const {signIn} = await import('./pages/signin.js');
    if (mine === begun) signIn(app);
    return;
  }
  const {main, place, meet} = frame();
  if (!session.who) {
    fill(main, h('div', {class: 'page'}, skeleton()));
    try {
      const who = await get('/v1/me');
      if (mine !== begun) return;
      session.meet(who);
      meet();
    } catch (thrown) {
      if (mine === begun) fill(main, h('div', {class: 'page'}, failure(thrown, begin)));
      return;
    }
  }
  startRouter(main, place);
}

function frame() {
  const main = h('main', {id: 'main', tabIndex: -1});
  const places = h('ul', {}, PLACES.map(([path, name, title]) =>
    h('li', {}, h('a', {href: `/console${path}`, 'data-place': path}, icon(name), h('span', {text: title})))));
  const who = h('div', {class: 'who'});
  const nav = h('nav', {class: 'side', id: 'side', 'aria-label': 'Main'},
    h('a', {class: 'brand', href: '/console/images'}, logo(), h('span', {text: 'ScaiBunker'})),
    places,
    h('div', {class: 'below'},
      h('ul', {}, h('li', {}, h('a', {href: '/docs'}, icon('docs'), h('span', {text: 'API'})))),
      who));
  const menu = h('button', {type: 'button', class: 'bare menu', 'aria-label': 'Menu', 'aria-expanded': 'false', 'aria-controls': 'side',
    on: {click: () => open(!nav.classList.contains('open'))}}, icon('menu'));
  const open = wanted => {
    nav.classList.toggle('open', wanted);
    menu.setAttribute('aria-expanded', String(wanted));
  };
  nav.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      open(false);
      menu.focus();
    }
  });
  fill(app,
    h('a', {class: 'skip', href: '#main', text: 'Skip to the content'}),
    h('header', {class: 'top'}, menu, h('a', {class: 'brand', href: '/console/images'}, logo(), h('span', {text: 'ScaiBunker'}))),
    nav, notice, main);
  const meet = () => fill(who,
    session.who && h('div', {class: 'name'}, h('strong', {text: session.who.user_name}),
      h('span', {class: 'quiet', text: `${session.who.role.replaceAll('_', ' ')} · ${session.who.tenant_name}`})),
    h('div', {class: 'tools'}, themeButton(),
      h('button', {type: 'button', class: 'bare', 'aria-label': 'Sign out', title: 'Sign out', on: {click: () => session.end()}}, icon('out'))));
  meet();
  main.addEventListener('click', () => open(false));
  return {main, meet, place(path) {
    open(false);
    for (const link of places.querySelectorAll('a')) {
      const here = path.startsWith(link.dataset.place) || path === '/' && link.dataset.place === '/images';
      if (here) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }};
}

function logo() {
  return h('img', {src: '/console/assets/icon.svg', alt: '', width: 22, height: 22});
}

function themeButton() {
  const isDark = () => (document.documentElement.dataset.theme
    ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const element = h('button', {type: 'button', class: 'bare', on: {click: () => {
    const chosen = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = chosen;
    try {
      localStorage.setItem('scaibunker.theme', chosen);
    } catch {
      // Not kept, then.
    }
    dispatchEvent(new Event('themechange'));
    dress();
  }}});
  const dress = () => {
    const next = isDark() ? 'light' : 'dark';
    element.setAttribute('aria-label', `Use the ${next} theme`);
    element.title = `Use the ${next} theme`;
    fill(element, icon(isDark() ? 'sun' : 'moon'));
  };
  dress();
  return element;
}
