// Whose key this is. It lives in memory and, if its owner wants to survive a reload, in this tab's session storage;
// never anywhere that another tab or a later visit could read.

const PLACE = 'scaibunker.key';
let key = stored();
let who = null;
let ended = '';
const listeners = new Set();

function stored() {
  try {
    return sessionStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

export const session = {
  get key() { return key; },
  /** The caller, as /v1/me tells it; null before it was asked. */
  get who() { return who; },
  /** Why the last session ended, for the sign-in page. */
  get ended() { return ended; },

  begin(newKey, caller, keep) {
    key = newKey;
    who = caller;
    ended = '';
    try {
      if (keep) sessionStorage.setItem(PLACE, newKey);
    } catch {
      // Not kept, then: it lives until the next reload.
    }
    listeners.forEach(listener => listener());
  },

  meet(caller) {
    who = caller;
  },

  /** The session ends; where it is `theKey` that is not taken, only if that is still the session's. */
  end(why = '', theKey = key) {
    if (!key || theKey !== key) return;
    key = null;
    who = null;
    ended = why;
    try {
      sessionStorage.removeItem(PLACE);
    } catch {
      // Nothing was kept.
    }
    listeners.forEach(listener => listener());
  },

  onChange(listener) {
    listeners.add(listener);
  },

  /** Whether the caller has one of these permissions; while nothing is known, yes: the API decides. */
  may(...oneOf) {
    return !who || oneOf.some(permission => who.permissions.includes(permission));
  },
};
