// How numbers, sizes and times look.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytes(count) {
  if (count === null || count === undefined) return '–';
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

export const mib = count => count === null || count === undefined ? '–' : bytes(count * 1024 * 1024);

export const rate = perSecond => perSecond ? `${bytes(perSecond)}/s` : '';

export const number = count => (count ?? 0).toLocaleString('en-GB');

export const cores = millicores => `${(millicores / 1000).toLocaleString('en-GB', {maximumFractionDigits: 1})} vCPU`;

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60 ? `${whole % 60} s` : ''}`.trim();
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor(whole % 86400 / 3600)} h`;
}

/** The order of names, numbers in them by their value; made once, since it is slow to make. */
export const byName = new Intl.Collator('en', {numeric: true}).compare;

/** How long ago, in one unit. */
export function ago(time, now = Date.now()) {
  if (!time) return '–';
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** In the reader's own zone, seconds and all. */
export const moment = time => time ? new Date(time).toLocaleString('sv-SE') : '–';
export const clock = time => time ? new Date(time).toLocaleTimeString('sv-SE') : '–';

export const shortDigest = digest => digest ? digest.replace(/^sha256:/, '').slice(0, 12) : '–';

export const percent = (part, whole) => whole > 0 ? Math.floor(100 * part / whole) : 0;

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export const words = text => (text ?? '').replaceAll('_', ' ');
