// The API, called as any other client would call it.

import {session} from './session.js';

export const BASE = '/v1/modules/scaibunker';
const PAGE = 1000;

/** How long an answer is waited for, in milliseconds: what is looked at comes at once, what is done may take its time. */
const PATIENCE = {GET: 20_000, other: 90_000};

export const REVOKED = 'The key is not taken any more: it was revoked or has expired.';

/** What the API said no with, or that it could not be reached (`code` is then UNREACHABLE). */
export class ApiError extends Error {
  constructor(status, error, requestId) {
    super(error.message);
    this.name = 'ApiError';
    this.status = status;
    this.code = error.code;
    this.details = error.details ?? [];
    this.retryAfter = error.retry_after ?? null;
    this.requestId = requestId ?? '';
  }
}

export const isAbort = thrown => thrown?.name === 'AbortError';

export function authorized(headers = {}) {
  return session.key ? {...headers, Authorization: `Bearer ${session.key}`} : headers;
}

/** One call; answers the whole envelope. `patience`: milliseconds to wait for it. */
export async function call(method, path, {body, query, signal, key, patience = PATIENCE[method] ?? PATIENCE.other} = {}) {
  const url = new URL(path.startsWith('/v1') || path.startsWith('/health') ? path : BASE + path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  const own = key ? null : session.key;
  const headers = key ? {Authorization: `Bearer ${key}`} : authorized();
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const limit = AbortSignal.timeout(patience);
  const answer = await reach(url, {method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    signal: signal ? AbortSignal.any([signal, limit]) : limit});
  return envelope(answer, own);
}

async function reach(url, options) {
  try {
    return await fetch(url, {...options, cache: 'no-store', credentials: 'omit', redirect: 'error'});
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    if (isLate(thrown)) throw tooLate();
    throw new ApiError(0, {code: 'UNREACHABLE', message: 'The platform does not answer. Is it running, and is this machine connected?'});
  }
}

const isLate = thrown => thrown?.name === 'TimeoutError';

const tooLate = () => new ApiError(0, {code: 'UNREACHABLE', message: 'The platform has not answered in time.'});

/** `ownKey`: the session's key, if it was that which asked. */
async function envelope(answer, ownKey) {
  const requestId = answer.headers.get('X-Request-Id');
  let said = null;
  try {
    said = await answer.json();
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    if (isLate(thrown)) throw tooLate();
  }
  if (answer.ok && said) return said;
  const error = said?.error ?? {code: 'NO_ANSWER', message: `Something on the way answered ${answer.status} in a form that is not the API's.`};
  if (answer.status === 401 && ownKey) session.end(REVOKED, ownKey);
  throw new ApiError(answer.status, error, requestId);
}

export const get = async (path, options) => (await call('GET', path, options)).data;
export const post = async (path, body, options) => (await call('POST', path, {...options, body: body ?? {}})).data;
export const remove = async (path, options) => (await call('DELETE', path, options)).data;

/** A POST that has no body. */
export const ask = async (path, options) => (await call('POST', path, options)).data;

/** Every row of a list, page after page, the oldest first; `cut` of what is answered: whether there are more than `most`. */
export async function all(path, {query, signal, most = 20_000} = {}) {
  const rows = [];
  let cursor;
  do {
    const page = await call('GET', path, {query: {...query, limit: PAGE, cursor}, signal});
    rows.push(...page.data);
    cursor = page.has_more ? page.next_cursor : null;
  } while (cursor && rows.length < most);
  rows.cut = Boolean(cursor);
  return rows;
}

/** A call whose answer is bytes, however long they take. */
export async function blob(path, {query, signal, accept} = {}) {
  const url = new URL(BASE + path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
  const own = session.key;
  const answer = await reach(url, {headers: authorized(accept ? {Accept: accept} : {}), signal});
  if (!answer.ok) await envelope(answer, own);
  return answer.blob();
}
