// Server-Sent Events with a key: EventSource cannot send one, so the stream is read from fetch. A connection that breaks is
// opened again behind the last event that was seen.

import {ApiError, BASE, authorized, isAbort} from './api.js';
import {session} from './session.js';

const SILENCE_MS = 35_000; // the platform says that it lives every 10 s
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];

/**
 * Watches until `signal` says stop. `onEvent(name, data, id)`; `onState(state, why)` with `connecting`, `live`, `lost`
 * (it will be tried again) or `over` (it will not: `why` is an ApiError).
 */
export function watch(path, {onEvent, onState, signal}) {
  let lastId = null;
  let tries = 0;
  let wake = () => {};
  const hurry = () => wake();
  addEventListener('online', hurry);
  signal.addEventListener('abort', () => {
    removeEventListener('online', hurry);
    wake();
  });

  (async () => {
    onState('connecting');
    while (!signal.aborted) {
      try {
        await readOnce();
        onState('lost', null);
      } catch (thrown) {
        if (signal.aborted) return;
        if (thrown instanceof ApiError && [401, 403, 404].includes(thrown.status)) {
          onState('over', thrown);
          if (thrown.status === 401) session.end('The key is not taken any more: it was revoked or has expired.');
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

  function pause(millis) {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, millis);
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

/** Asks again and again, gently: not while nobody looks, slower while nobody answers. */
export function everySoOften(millis, work, signal) {
  let timer = null;
  let failed = 0;
  let running = false;
  const run = async () => {
    if (running) return;
    running = true;
    clearTimeout(timer);
    try {
      await work();
      failed = 0;
    } catch (thrown) {
      if (!isAbort(thrown)) failed++;
    }
    running = false;
    if (!signal.aborted) timer = setTimeout(look, millis * Math.min(1 + failed, 5));
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
  });
  run();
  return run;
}
