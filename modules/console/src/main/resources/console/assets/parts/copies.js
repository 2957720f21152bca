// How an image stands on each worker, kept by what the stream tells.

import {byName} from '../lib/format.js';

const STATUSES = ['ready', 'building', 'pending', 'failed', 'evicted', 'lost'];
const FRESH = {bytes_done: 0, bytes_total: null, percent: 0, bytes_per_s: null, eta_s: null};

export class Copies {
  #rows = new Map();
  #order = null;
  #changed = new Set();
  #counts = Object.fromEntries(STATUSES.map(status => [status, 0]));
  #snapshotBegun = false;

  static statuses = STATUSES;

  /** In the order of names; the same array until a worker comes. */
  get rows() {
    this.#order ??= [...this.#rows.values()].sort((one, other) => byName(one.worker_name, other.worker_name));
    return this.#order;
  }

  get counts() {
    return this.#counts;
  }

  get size() {
    return this.#rows.size;
  }

  /** Which rows changed since this was asked last; null: all may have. */
  takeChanged() {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** A part of a snapshot; the first one begins anew. */
  snapshot(data) {
    if (!this.#snapshotBegun) {
      this.#rows.clear();
      this.#order = null;
      this.#changed = null;
      STATUSES.forEach(status => this.#counts[status] = 0);
    }
    this.#snapshotBegun = Boolean(data.more);
    data.rows.forEach(row => this.#put({...row}));
  }

  /** The ids of all that are here now, to be handed to `merge` with the answer to what is asked next. */
  get known() {
    return new Set(this.#rows.keys());
  }

  /**
   * What was asked for, of which a part may be older than what events have told meanwhile: of such a row only how its worker
   * is counts, which no event tells. Who was `known` before and is not in it is gone.
   */
  merge(rows, known) {
    for (const row of rows) {
      known.delete(row.worker_id);
      const here = this.#rows.get(row.worker_id);
      const newer = here && Date.parse(here.updated_at) > Date.parse(row.updated_at);
      this.#put(newer ? {...here, worker_status: row.worker_status} : {...row});
    }
    for (const id of known) {
      this.#counts[Copies.state(this.#rows.get(id))]--;
      this.#rows.delete(id);
      this.#order = null;
      this.#changed = null;
    }
  }

  changed(event) {
    const before = this.#rows.get(event.worker_id);
    const anew = !before || before.status !== event.status || before.attempts !== event.attempts;
    this.#put({...FRESH, group_ids: [], source: null, ...before, ...anew ? FRESH : {}, ...event,
      percent: event.status === 'ready' ? 100 : anew ? 0 : before.percent, updated_at: event.at});
  }

  progressed(event) {
    const row = this.#rows.get(event.worker_id);
    if (!row || row.status !== 'building') return;
    Object.assign(row, event);
    this.#changed?.add(row.worker_id);
  }

  /** The word a row counts under: who is lost is that alone. */
  static state(row) {
    return row.worker_status === 'lost' ? 'lost' : row.status;
  }

  #put(row) {
    const before = this.#rows.get(row.worker_id);
    if (before) {
      this.#counts[Copies.state(before)]--;
      Object.assign(before, row);
      row = before;
    } else {
      this.#rows.set(row.worker_id, row);
      this.#order = null;
      this.#changed = null;
    }
    this.#counts[Copies.state(row)]++;
    this.#changed?.add(row.worker_id);
  }

  /** Bytes a second, of all that are under way, and when the last of them should be done. */
  pace() {
    let perSecond = 0;
    let eta = null;
    for (const row of this.#rows.values()) {
      if (row.status !== 'building') continue;
      perSecond += row.bytes_per_s ?? 0;
      if (row.eta_s !== null && row.eta_s !== undefined) eta = Math.max(eta ?? 0, row.eta_s);
    }
    return {perSecond, eta};
  }
}
