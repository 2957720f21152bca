// How an image stands on each worker, kept by what the stream tells.

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
    this.#order ??= [...this.#rows.values()].sort((one, other) => one.worker_name.localeCompare(other.worker_name, 'en', {numeric: true}));
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
