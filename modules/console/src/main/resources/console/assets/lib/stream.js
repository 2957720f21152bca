// Server-Sent Events with a key: EventSource cannot send one, so the stream is read from fetch. A connection that breaks is
// opened again behind the last event that was seen.

import {ApiError, BASE, REVOKED, authorized, isAbort} from './api.js';
import {session} from './session.js';
import {arrived, missed} from './stale.js';

const SILENCE_MS = 35_000; // the platform says that it lives every 10 s
const REST_MS = 10_000;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];

/**
 * Watches until `signal` says stop. `onEvent(name, data, id)`; `onState(state, why)` with `connecting`, `live`, `resting`,
 * `lost` (it will be tried again) or `over` (it will not: `why` is an ApiError).
 *
 * While nobody looks at the tab it rests: a browser has six connections to a server, for all its tabs, and a stream keeps one.
 */
export function watch(path, {onEvent, onState, signal}) {
  let lastId = null;
  let tries = 0;
  let rests = false;
  let leaving = null;
  let hangUp = () => {};
  let wake = () => {};
  const hurry = () => wake();
  const rest = () => {
    clearTimeout(leaving);
    rests = true;
    hangUp();
    wake();
  };
  const turned = () => {
    clearTimeout(leaving);
    if (document.hidden) {
      leaving = setTimeout(rest, REST_MS);
    } else if (rests) {
      rests = false;
      wake();
    }
  };
  addEventListener('online', hurry);
  document.addEventListener('visibilitychange', turned);
  // A page that was left is kept by the browser for the way back, with its connections.
  addEventListener('pagehide', rest);
  addEventListener('pageshow', turned);
  signal.addEventListener('abort', () => {
    removeEventListener('online', hurry);
    removeEventListener('pagehide', rest);
    removeEventListener('pageshow', turned);
    document.removeEventListener('visibilitychange', turned);
    clearTimeout(leaving);
    wake();
  });
  turned();

  (async () => {
    onState('connecting');
    while (!signal.aborted) {
      if (rests) {
        onState('resting');
        await pause();
        tries = 0;
        continue;
      }
      const key = session.key;
      try {
        await readOnce();
        onState('lost', null);
      } catch (thrown) {
        if (signal.aborted) return;
        if (rests) continue;
        if (thrown instanceof ApiError && [401, 403, 404].includes(thrown.status)) {
          onState('over', thrown);
          if (thrown.status === 401) session.end(REVOKED, key);
          return;
        }
        onState('lost', thrown);
      }
      await pause(PAUSES_MS[Math.min(tries++, PAUSES_MS.length - 1)]);
    }
  })();

  async function readOnce() {
    const connection = new AbortController();
    const stop = () => connection.abort();
    hangUp = stop;
    signal.addEventListener('abort', stop);
    let silence = setTimeout(stop, SILENCE_MS);
    try {
      const headers = authorized({Accept: 'text/event-stream'});
      if (lastId !== null) headers['Last-Event-ID'] = lastId;
      const answer = await fetch(BASE + path, {headers, signal: connection.signal, cache: 'no-store', credentials: 'omit'});
      if (!answer.ok) {
        const said = await answer.json().catch(() => ({error: {code: 'NO_ANSWER', message: `answered ${answer.status}`}}));
        throw new ApiError(answer.status, said.error, answer.headers.get('X-Request-Id'));
      }
      onState('live');
      const parser = new EventParser((name, data, id) => {
        tries = 0;
        if (id !== null) lastId = id;
        onEvent(name, data, id);
      });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const {value, done} = await reader.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(stop, SILENCE_MS);
        parser.take(value);
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', stop);
    }
  }

  /** So long, or until something wakes it. */
  function pause(millis) {
    return new Promise(resolve => {
      const timer = millis === undefined ? null : setTimeout(resolve, millis);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Text of text/event-stream, in any pieces, becomes events. */
class EventParser {
  #onEvent;
  #rest = '';

  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  take(text) {
    this.#rest += text;
    let end;
    while ((end = this.#rest.indexOf('\n\n')) >= 0) {
      const block = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 2);
      this.#block(block);
    }
  }

  #block(block) {
    let name = 'message';
    let id = null;
    let data = '';
    for (const line of block.split('\n')) {
      if (line.startsWith('data: ')) data += line.slice(6);
      else if (line.startsWith('event: ')) name = line.slice(7);
      else if (line.startsWith('id: ')) id = line.slice(4);
    }
    if (data) this.#onEvent(name, JSON.parse(data), id);
  }
}

/**
 * Asks again and again: not while nobody looks, less often while nobody answers; then it is said that what is shown is old.
 * Answers what asks at once; if an answer is under way, again behind it, since that may answer an older question.
 */
export function everySoOften(millis, work, signal) {
  let timer = null;
  let failed = 0;
  let running = false;
  let again = false;
  let since = null;
  const run = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    clearTimeout(timer);
    try {
      await work();
      failed = 0;
      since = Date.now();
      arrived(run);
    } catch (thrown) {
      if (!isAbort(thrown)) {
        failed++;
        if (since !== null && !signal.aborted) missed(run, since, thrown);
      }
    }
    running = false;
    if (signal.aborted) return;
    timer = setTimeout(look, again ? 0 : millis * Math.min(1 + failed, 5));
    again = false;
  };
  const look = () => {
    if (document.hidden) timer = setTimeout(look, millis);
    else run();
  };
  const shown = () => {
    if (!document.hidden) run();
  };
  document.addEventListener('visibilitychange', shown);
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', shown);
    arrived(run);
  });
  run();
  return run;
}

/** Does `work` soon when asked to: one at a time, at most once in so many milliseconds, and always once after the last asking. */
export function gently(millis, work, signal) {
  let timer = null;
  let running = false;
  let asked = false;
  let ended = -Infinity;
  const ask = () => {
    asked = true;
    if (running || timer || signal.aborted) return;
    timer = setTimeout(run, Math.max(0, ended + millis - performance.now()));
  };
  const run = async () => {
    timer = null;
    asked = false;
    running = true;
    await work();
    running = false;
    ended = performance.now();
    if (asked) ask();
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  return ask;
}
