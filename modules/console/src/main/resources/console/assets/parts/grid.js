// The fan-out grid: a cell for each worker, painted on a canvas so that thousands cost what dozens cost. Only cells that
// changed are painted again. Whoever cannot see it has the table beside it, and its summary as the canvas' label.

import {h, fill, onceAFrame} from '../lib/dom.js';
import {bytes, duration, rate, words} from '../lib/format.js';
import {badge} from '../lib/ui.js';
import {Copies} from './copies.js';

const TONES = {ready: '--ready', building: '--building', pending: '--pending', failed: '--failed', evicted: '--pending', lost: '--warn'};

export class FanoutGrid {
  #copies;
  #canvas = h('canvas', {class: 'grid', tabIndex: 0, role: 'img'});
  #tip = h('div', {class: 'tip', hidden: true, role: 'status'});
  #element = h('div', {class: 'gridbox'}, this.#canvas, this.#tip);
  #tones = {};
  #columns = 1;
  #cell = 20;
  #gap = 3;
  #rows = [];
  #places = new Map();
  #at = -1;
  #filter = null;
  #onPick;

  /** @param onPick called with the row whose cell was chosen */
  constructor(copies, signal, onPick) {
    this.#copies = copies;
    this.#onPick = onPick;
    const relay = onceAFrame(() => this.layout());
    new ResizeObserver(relay).observe(this.#element);
    addEventListener('themechange', relay, {signal});
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', relay, {signal});
    this.#canvas.addEventListener('pointermove', event => this.#point(this.#under(event)));
    this.#canvas.addEventListener('pointerleave', () => this.#point(-1));
    this.#canvas.addEventListener('blur', () => this.#point(-1));
    this.#canvas.addEventListener('click', event => this.#pick(this.#under(event)));
    this.#canvas.addEventListener('keydown', event => this.#key(event));
  }

  get element() {
    return this.#element;
  }

  /** Cells of other states step back. */
  emphasize(state) {
    this.#filter = state;
    this.layout();
  }

  /** Everything anew: the size of cells, their places, their colours. */
  layout() {
    const width = this.#element.clientWidth;
    if (!width) return;
    this.#rows = this.#copies.rows;
    const count = this.#rows.length;
    [this.#cell, this.#gap] = count <= 120 ? [26, 4] : count <= 600 ? [18, 3] : count <= 2000 ? [13, 2] : [9, 2];
    const step = this.#cell + this.#gap;
    this.#columns = Math.max(1, Math.floor((width + this.#gap) / step));
    const height = Math.max(1, Math.ceil(count / this.#columns)) * step - this.#gap;
    const scale = devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    this.#canvas.style.height = `${height}px`;
    const context = this.#canvas.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    this.#places = new Map(this.#rows.map((row, index) => [row.worker_id, index]));
    this.#learnTones();
    for (let index = 0; index < count; index++) this.#paint(context, index);
    this.#label();
  }

  /** What has changed since the last time; `changed` is null when all may have. */
  update(changed) {
    if (changed === null || this.#rows !== this.#copies.rows) {
      this.layout();
      return;
    }
    const context = this.#canvas.getContext('2d');
    for (const id of changed) {
      const index = this.#places.get(id);
      if (index !== undefined) this.#paint(context, index);
    }
    this.#label();
    if (this.#at >= 0 && changed.has(this.#rows[this.#at]?.worker_id)) this.#explain();
  }

  #label() {
    const counts = this.#copies.counts;
    const said = Copies.statuses.filter(status => counts[status]).map(status => `${counts[status]} ${status}`).join(', ');
    this.#canvas.setAttribute('aria-label', `Workers: ${said || 'none'}. Arrow keys move between them; the table below has the same.`);
  }

  #learnTones() {
    const probe = h('i', {class: 'unseen'});
    this.#element.append(probe);
    const read = name => {
      probe.style.setProperty('color', `var(${name})`);
      return getComputedStyle(probe).color;
    };
    for (const [state, name] of Object.entries(TONES)) this.#tones[state] = read(name);
    this.#tones.wash = read('--building-track');
    this.#tones.page = read('--surface');
    this.#tones.ink = read('--ink');
    probe.remove();
  }

  #paint(context, index) {
    const row = this.#rows[index];
    const step = this.#cell + this.#gap;
    const x = index % this.#columns * step;
    const y = Math.floor(index / this.#columns) * step;
    const size = this.#cell;
    const state = Copies.state(row);
    const small = size < 12;
    context.clearRect(x - 1, y - 1, size + 2, size + 2);
    context.globalAlpha = this.#filter && this.#filter !== state ? 0.18 : 1;
    context.beginPath();
    if (small) context.rect(x, y, size, size);
    else context.roundRect(x, y, size, size, size > 20 ? 5 : 3);
    if (state === 'building') {
      context.fillStyle = this.#tones.wash;
      context.fill();
      const filled = size * (row.percent ?? 0) / 100;
      context.save();
      context.clip();
      context.fillStyle = this.#tones.building;
      context.fillRect(x, y + size - filled, size, filled);
      context.restore();
    } else if (state === 'evicted') {
      context.strokeStyle = this.#tones.evicted;
      context.lineWidth = 1.5;
      context.stroke();
    } else {
      context.fillStyle = this.#tones[state];
      context.fill();
      if (state === 'failed' && !small) this.#cross(context, x, y, size);
    }
    if (index === this.#at) {
      context.strokeStyle = this.#tones.ink;
      context.lineWidth = 1.5;
      context.strokeRect(x - 0.25, y - 0.25, size + 0.5, size + 0.5);
    }
    context.globalAlpha = 1;
  }

  #cross(context, x, y, size) {
    const inset = size * 0.34;
    context.strokeStyle = this.#tones.page;
    context.lineWidth = size > 20 ? 2 : 1.5;
    context.beginPath();
    context.moveTo(x + inset, y + inset);
    context.lineTo(x + size - inset, y + size - inset);
    context.moveTo(x + size - inset, y + inset);
    context.lineTo(x + inset, y + size - inset);
    context.stroke();
  }

  #under(event) {
    const box = this.#canvas.getBoundingClientRect();
    const step = this.#cell + this.#gap;
    const column = Math.floor((event.clientX - box.left) / step);
    const index = Math.floor((event.clientY - box.top) / step) * this.#columns + column;
    return column < this.#columns && index < this.#rows.length ? index : -1;
  }

  #key(event) {
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#columns, ArrowUp: -this.#columns, Home: -Infinity, End: Infinity}[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const last = this.#rows.length - 1;
      this.#point(Math.max(0, Math.min(last, this.#at < 0 ? 0 : this.#at + step)));
    } else if (event.key === 'Enter') {
      this.#pick(this.#at);
    } else if (event.key === 'Escape') {
      this.#point(-1);
    }
  }

  #pick(index) {
    if (index >= 0) this.#onPick(this.#rows[index]);
  }

  #point(index) {
    if (index === this.#at) return;
    const before = this.#at;
    this.#at = index;
    const context = this.#canvas.getContext('2d');
    if (before >= 0 && before < this.#rows.length) this.#paint(context, before);
    if (index >= 0) this.#paint(context, index);
    this.#explain();
  }

  #explain() {
    const row = this.#rows[this.#at];
    this.#tip.hidden = !row;
    if (!row) return;
    const state = Copies.state(row);
    fill(this.#tip, h('strong', {text: row.worker_name}), badge(state, state === 'building' ? words(row.phase ?? 'building') : state),
      state === 'building' && h('span', {class: 'number', text: progressText(row)}),
      row.source && state === 'building' && h('span', {class: 'quiet', text: `from ${row.source_name ?? row.source}`}),
      row.error && h('span', {class: 'error', text: `${row.error.code}: ${row.error.message}`}));
    const step = this.#cell + this.#gap;
    const x = this.#at % this.#columns * step;
    const y = Math.floor(this.#at / this.#columns) * step;
    const room = this.#element.clientWidth;
    const width = Math.min(300, room);
    this.#tip.style.left = `${Math.max(0, Math.min(x - 8, room - width))}px`;
    this.#tip.style.top = `${y + this.#cell + 8}px`;
  }
}

/** How far, how fast, how long yet. */
export function progressText(row) {
  return [row.percent ? `${row.percent} %` : '', row.bytes_total ? `${bytes(row.bytes_done)} of ${bytes(row.bytes_total)}` : '', rate(row.bytes_per_s),
    row.eta_s !== null && row.eta_s !== undefined ? `${duration(row.eta_s)} left` : ''].filter(Boolean).join(' · ');
}
