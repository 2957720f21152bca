// The API, called as any other client would call it.

import {session} from './session.js';

export const BASE = '/v1/modules/scaibunker';
const PAGE = 1000;

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

/** One call; answers the whole envelope. */
export async function call(method, path, {body, query, signal, key} = {}) {
  const url = new URL(path.startsWith('/v1') || path.startsWith('/health') ? path : BASE + path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  const headers = key ? {Authorization: `Bearer ${key}`} : authorized();
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await reach(url, {method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body)});
  return envelope(answer, !key);
}

async function reach(url, options) {
  try {
    return await fetch(url, {...options, cache: 'no-store', credentials: 'omit', redirect: 'error'});
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    throw new ApiError(0, {code: 'UNREACHABLE', message: 'The platform does not answer. Is it running, and is this machine connected?'});
  }
}

async function envelope(answer, ownKey) {
  const requestId = answer.headers.get('X-Request-Id');
  let said = null;
  try {
    said = await answer.json();
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
  }
  if (answer.ok && said) return said;
  const error = said?.error ?? {code: 'NO_ANSWER', message: `Something on the way answered ${answer.status} in a form that is not the API's.`};
  if (answer.status === 401 && ownKey) session.end('The key is not taken any more: it was revoked or has expired.');
  throw new ApiError(answer.status, error, requestId);
}

export const get = async (path, options) => (await call('GET', path, options)).data;
export const post = async (path, body, options) => (await call('POST', path, {...options, body: body ?? {}})).data;
export const remove = async (path, options) => (await call('DELETE', path, options)).data;

/** A POST that has no body. */
export const ask = async (path, options) => (await call('POST', path, options)).data;

/** Every row of a list, page after page. */
export async function all(path, {query, signal, most = 20_000} = {}) {
  const rows = [];
  let cursor;
  do {
    const page = await call('GET', path, {query: {...query, limit: PAGE, cursor}, signal});
    rows.push(...page.data);
    cursor = page.has_more ? page.next_cursor : null;
  } while (cursor && rows.length < most);
  return rows;
}

/** A call whose answer is bytes. */
export async function blob(path, {query, signal, accept} = {}) {
  const url = new URL(BASE + path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
  const answer = await reach(url, {headers: authorized(accept ? {Accept: accept} : {}), signal});
  if (!answer.ok) await envelope(answer, true);
  return answer.blob();
}
