// A terminal in a bunker: xterm.js on the API's WebSocket. Loaded when one is opened.

import {h, fill} from '../lib/dom.js';
import {BASE} from '../lib/api.js';
import {session} from '../lib/session.js';
import {badge, button} from '../lib/ui.js';

const SPOKEN = 'scaibunker.spokenTerminal';

export async function terminal(panel, at, signal) {
  const [{Terminal}] = await Promise.all([import('../vendor/xterm/xterm.mjs'), sheet('/console/assets/vendor/xterm/xterm.css')]);
  const state = h('span', {role: 'status'});
  const again = button('Open another', {kind: 'small', icon: 'refresh', on: () => open()});
  const screen = h('div', {class: 'screen'});
  let xterm = null;
  const spoken = h('input', {type: 'checkbox', id: 'spoken', checked: isSpoken(), on: {change: event => {
    keepSpoken(event.target.checked);
    if (xterm) xterm.options.screenReaderMode = event.target.checked;
  }}});
  fill(panel, h('div', {class: 'bar'}, state, h('span', {class: 'space'}),
    h('label', {class: 'check', for: 'spoken', title: 'What the terminal shows is told to screen readers, too'}, spoken, 'For screen readers'), h('span', {class: 'fine quiet hint', text: 'Ctrl+Shift+Escape leaves the terminal.'}), again), h('div', {class: 'shell'}, screen));
  const tamed = tame(document);
  let close = () => {};
  signal.addEventListener('abort', () => close());

  function open() {
    close();
    screen.replaceChildren();
    again.hidden = true;
    fill(state, badge('provisioning', 'connecting'));
    const mine = xterm = new Terminal({documentOverride: tamed, fontFamily: getComputedStyle(panel).getPropertyValue('--mono'), fontSize: 13,
      theme: {background: '#0e0f12', foreground: '#e6e7ea', cursor: '#8e8ef2', selectionBackground: '#3d3e7a'}, scrollback: 5000, screenReaderMode: spoken.checked});
    // Parts of it ask the page itself for elements while they are made.
    document.createElement = tamed.createElement;
    mine.open(screen);
    delete document.createElement;
    mine.attachCustomKeyEventHandler(event => {
      if (event.key === 'Escape' && event.ctrlKey && event.shiftKey) {
        if (event.type === 'keydown') document.querySelector('[role=tab][aria-selected=true]')?.focus();
        return false;
      }
      return true;
    });
    // While another tab of the page is shown it has no size, and keeps the one it had.
    const fit = () => {
      if (!screen.clientWidth) return;
      const {columns, rows} = room(screen);
      if (columns !== mine.cols || rows !== mine.rows) mine.resize(columns, rows);
    };
    fit();
    const url = new URL(`${BASE}${at}/shell?cols=${mine.cols}&rows=${mine.rows}`, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url, ['scaibunker', `bearer.${session.key}`]);
    socket.binaryType = 'arraybuffer';
    const encoder = new TextEncoder();
    const write = data => socket.readyState === WebSocket.OPEN && socket.send(data);
    mine.onData(text => write(encoder.encode(text)));
    mine.onBinary(text => write(Uint8Array.from(text, letter => letter.charCodeAt(0))));
    mine.onResize(({cols, rows}) => write(JSON.stringify({resize: {cols, rows}})));
    const watcher = new ResizeObserver(fit);
    watcher.observe(screen);
    let exit = null;
    socket.onopen = () => {
      fill(state, badge('running', 'connected'));
      fit();
      write(JSON.stringify({resize: {cols: mine.cols, rows: mine.rows}}));
      mine.focus();
    };
    socket.onmessage = ({data}) => {
      if (typeof data === 'string') exit = JSON.parse(data).exit ?? exit;
      else mine.write(new Uint8Array(data));
    };
    socket.onclose = event => {
      watcher.disconnect();
      again.hidden = false;
      fill(state, exit ? badge(exit.exit_code === 0 ? 'terminated' : 'failed', `ended with ${exit.exit_code ?? `signal ${exit.signal}`}`)
        : badge('lost', event.reason || 'the connection is lost'));
    };
    close = () => {
      watcher.disconnect();
      socket.onclose = null;
      socket.close();
      mine.dispose();
    };
  }
  open();
}

function isSpoken() {
  try {
    return localStorage.getItem(SPOKEN) === 'yes';
  } catch {
    return false;
  }
}

function keepSpoken(wanted) {
  try {
    if (wanted) localStorage.setItem(SPOKEN, 'yes');
    else localStorage.removeItem(SPOKEN);
  } catch {
    // Until the next visit, then.
  }
}

/** How many columns and rows there is room for; the size of a cell is asked of a measured line. */
function room(screen) {
  const rows = screen.querySelector('.xterm-rows') ?? screen;
  const line = rows.firstElementChild?.getBoundingClientRect();
  const height = line?.height || 17;
  const probe = h('span', {class: 'probe', text: 'W'.repeat(50)});
  screen.append(probe);
  const width = probe.getBoundingClientRect().width / 50 || 8;
  probe.remove();
  return {
    columns: Math.max(20, Math.min(400, Math.floor((screen.clientWidth - 14) / width))),
    rows: Math.max(6, Math.min(200, Math.floor(screen.clientHeight / height))),
  };
}

function sheet(path) {
  if (document.querySelector(`link[href="${path}"]`)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = path;
    link.onload = resolve;
    link.onerror = reject;
    document.head.append(link);
  });
}

/**
 * xterm.js writes style elements and style attributes, which this page's policy forbids. It is given a document whose style
 * elements are sheets of the page, and whose spans take a style attribute as properties: both are allowed.
 */
function tame(page) {
  const create = Document.prototype.createElement.bind(page);
  const make = (tag, options) => {
    if (tag.toLowerCase() === 'style') return sheetElement(page, create('span'));
    const element = create(tag, options);
    element.setAttribute = (name, value) => {
      if (name === 'style') element.style.cssText = value;
      else Element.prototype.setAttribute.call(element, name, value);
    };
    return element;
  };
  return new Proxy(page, {get(target, name) {
    if (name === 'createElement') return make;
    const value = Reflect.get(target, name, target);
    return typeof value === 'function' ? value.bind(target) : value;
  }});
}

function sheetElement(page, element) {
  const styles = new CSSStyleSheet();
  element.hidden = true;
  page.adoptedStyleSheets = [...page.adoptedStyleSheets, styles];
  Object.defineProperty(element, 'textContent', {get: () => '', set: text => styles.replaceSync(text)});
  element.remove = () => {
    page.adoptedStyleSheets = page.adoptedStyleSheets.filter(one => one !== styles);
    Element.prototype.remove.call(element);
  };
  return element;
}
