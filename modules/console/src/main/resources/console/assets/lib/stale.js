// Whether what is shown is as it is now: said at the top for as long as asking for it fails.

import {h, say} from './dom.js';
import {clock} from './format.js';

const late = new Map();

/** The line that says so; empty while all is well, and always in the document, so that screen readers hear it change. */
export const notice = h('div', {class: 'stale', role: 'status'});

/** What was last asked for with success at `since` could not be asked for now. */
export function missed(what, since, why) {
  late.set(what, {since, why: why?.message ?? ''});
  tell();
}

/** It could; or nobody wants to know it any more. */
export function arrived(what) {
  if (late.delete(what)) tell();
}

function tell() {
  const [oldest] = [...late.values()].sort((one, other) => one.since - other.since);
  say(notice, oldest ? `Not updated since ${clock(oldest.since)}. ${oldest.why}` : '');
}
