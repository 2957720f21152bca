// Elements by hand. What is shown often comes from strangers (image names, errors, consoles): text is set as text, and
// there is no way in here to set markup.

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'indeterminate', 'hidden', 'open', 'selected', 'required', 'readOnly', 'tabIndex']);
const FORBIDDEN = /^(on|innerhtml$|outerhtml$|srcdoc$|style$)/i;

/**
 * An element. `props`: attributes by name; `class`, `text`, `on: {click: …}`, `vars: {'--share': '40%'}` (custom properties);
 * what is null, undefined or false is left out. Children: nodes, texts, arrays of those.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    set(element, name, value);
  }
  put(element, children);
  return element;
}

function set(element, name, value) {
  if (name === 'on') {
    for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
  } else if (name === 'vars') {
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
  } else if (value === null || value === undefined || value === false && !PROPERTIES.has(name)) {
    return;
  } else if (name === 'text') {
    element.textContent = value;
  } else if (name === 'class') {
    element.className = value;
  } else if (PROPERTIES.has(name)) {
    element[name] = value;
  } else if (FORBIDDEN.test(name)) {
    throw new Error(`${name} is not set this way`);
  } else if (name === 'href' && !/^(\/|#|\?)/.test(value)) {
    throw new Error('links stay here');
  } else {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

function put(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) put(element, child);
    else if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** The children of an element become these. */
export function fill(element, ...children) {
  element.replaceChildren();
  put(element, children);
  return element;
}

const shown = new WeakMap();

/**
 * Fills an element anew when `state`, all that `make()` draws from, has changed since the last time: who reads or selects
 * there is not disturbed for nothing. Where focus was in it, what comes in its place has it.
 */
export function refill(element, state, make) {
  const text = JSON.stringify(state);
  if (shown.get(element) === text) return;
  shown.set(element, text);
  const held = element.contains(document.activeElement) ? document.activeElement : null;
  const at = held ? reachable(element).indexOf(held) : -1;
  fill(element, ...[make()].flat());
  if (!held) return;
  const now = reachable(element);
  const href = held.getAttribute('href');
  (now.find(one => href && one.getAttribute('href') === href) ?? now[Math.min(at, now.length - 1)])?.focus({preventScroll: true});
}

const reachable = element => [...element.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')];

/** Text that changes: nothing is touched when it stays. */
export function say(element, text) {
  const wanted = text ?? '';
  if (element.textContent !== wanted) element.textContent = wanted;
}

/**
 * Keeps the children of `parent` equal to a list: `make(item)` gives `{element, update(item)}` once for each key. Elements
 * stay where they are as long as their item is there, so focus and selection survive a refresh.
 */
export function keyed(parent, keyOf, make) {
  const known = new Map();
  return items => {
    const seen = new Set();
    let place = parent.firstChild;
    for (const item of items) {
      const key = keyOf(item);
      seen.add(key);
      let part = known.get(key);
      if (!part) known.set(key, part = make(item));
      part.update?.(item);
      if (part.element === place) place = place.nextSibling;
      else parent.insertBefore(part.element, place);
    }
    for (const [key, part] of known) {
      if (!seen.has(key)) {
        part.element.remove();
        known.delete(key);
      }
    }
  };
}

/** Calls at most once a frame, however often it is asked to. */
export function onceAFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
