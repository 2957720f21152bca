// The API's documentation, made of its contract: what a request takes, what comes back, and a line for the shell.

import {h, fill} from '/console/assets/lib/dom.js';
import {copyButton, failure} from '/console/assets/lib/ui.js';

const VERBS = ['get', 'post', 'put', 'delete'];
const DEPTH_MAX = 5;
const place = document.getElementById('docs');

try {
  const answer = await fetch('/openapi.json');
  if (!answer.ok) throw new Error(`The contract cannot be read: ${answer.status}`);
  show(await answer.json());
} catch (thrown) {
  fill(place, h('main', {class: 'page'}, failure(thrown)));
}

function show(contract) {
  const operations = Object.entries(contract.paths).flatMap(([path, item]) => VERBS.filter(verb => item[verb]).map(verb => ({
    ...item[verb], path, verb, parameters: [...item.parameters ?? [], ...item[verb].parameters ?? []],
  })));
  const tags = [...new Set(operations.map(operation => operation.tags[0]))];
  const resolve = node => node?.$ref ? resolve(node.$ref.slice(2).split('/').reduce((at, key) => at[key], contract)) : node;
  fill(place, h('a', {class: 'skip', href: '#content', text: 'Skip to the content'}), h('div', {class: 'docs'},
    h('nav', {'aria-label': 'Operations'},
      h('a', {class: 'brand', href: '/console'}, h('img', {src: '/console/assets/icon.svg', alt: '', width: 22, height: 22}), h('span', {text: 'ScaiBunker API'})),
      tags.map(tag => h('div', {}, h('h2', {text: tag}), h('ul', {}, operations.filter(one => one.tags[0] === tag).map(one =>
        h('li', {}, h('a', {href: `#${one.operationId}`}, verbMark(one.verb), h('span', {text: one.operationId})))))))),
    h('main', {id: 'content', tabIndex: -1},
      h('header', {class: 'intro'}, h('h1', {text: `${contract.info.title} API`}), prose(contract.info.description),
        h('p', {}, 'The whole contract: ', h('a', {href: '/openapi.yaml', text: 'openapi.yaml'}), ', ', h('a', {href: '/openapi.json', text: 'openapi.json'}), '.'),
        h('p', {text: 'The lines below run as they are, in a shell that knows the server, a key, and what they are about:'}),
        code(`server=${location.origin}\nauth="Authorization: Bearer $(cat var/super-admin.key)"\nimage=debian`)),
      tags.map(tag => [h('h2', {class: 'tagname', text: tag}), operations.filter(one => one.tags[0] === tag).map(one => operationCard(one, resolve))]))));
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

function verbMark(verb) {
  return h('span', {class: `verb ${verb}`, text: verb === 'delete' ? 'DEL' : verb.toUpperCase()});
}

function operationCard(operation, resolve) {
  const body = operation.requestBody?.content['application/json'];
  const [status, success] = Object.entries(operation.responses).find(([code]) => code.startsWith('2'));
  const answer = success.content?.['application/json']?.schema.properties?.data;
  const parameters = operation.parameters.map(resolve);
  return h('article', {class: 'card operation', id: operation.operationId, tabIndex: -1},
    h('h3', {text: operation.summary}),
    h('div', {class: 'route'}, h('span', {class: `verb ${operation.verb}`, text: operation.verb.toUpperCase()}), h('span', {text: operation.path})),
    operation.description && prose(operation.description),
    h('div', {class: 'chips'}, operation['x-permission'].length ? operation['x-permission'].map(one => h('span', {class: 'chip', text: one})) : h('span', {class: 'chip', text: 'no key needed'})),
    code(operation['x-curl']),
    parameters.length > 0 && h('details', {}, h('summary', {text: 'Parameters'}), h('ul', {class: 'shape'}, parameters.map(one =>
      h('li', {}, h('span', {class: 'name', text: one.name}), ' ', h('span', {class: 'kind', text: `${one.in}, ${kind(resolve(one.schema), resolve)}`}), one.required && h('span', {class: 'must', text: ' required'}),
        one.description && prose(one.description))))),
    body && h('details', {}, h('summary', {text: 'Request'}), shape(body.schema, resolve, 0)),
    h('details', {}, h('summary', {text: `Answer: ${status}`}), answer ? [h('h4', {text: 'data'}), shape(answer, resolve, 0)] : h('p', {class: 'quiet', text: success.description})));
}

function kind(schema, resolve) {
  if (!schema) return '';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map(one => one === null ? 'null' : one).join(' | ');
  if (schema.oneOf) return 'one of';
  if (schema.allOf) return 'object';
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : schema.type ?? 'object';
  const bounds = [schema.minimum !== undefined || schema.maximum !== undefined ? `${schema.minimum ?? ''}..${schema.maximum ?? ''}` : '', schema.pattern ? schema.pattern : '']
    .filter(Boolean).join(' ');
  return (type === 'array' ? `array of ${kind(resolve(schema.items), resolve)}` : type) + (bounds ? ` ${bounds}` : '');
}

/** The fields of a schema, and theirs. */
function shape(schema, resolve, depth) {
  const known = resolve(schema);
  if (known.oneOf) return h('div', {}, known.description && prose(known.description), known.oneOf.map(one => shape(one, resolve, depth)));
  const {properties, required} = fields(known, resolve);
  if (known.type === 'array' && known.items) return shape(known.items, resolve, depth);
  if (!Object.keys(properties).length) return h('p', {class: 'quiet', text: [kind(known, resolve), known.description].filter(Boolean).join(': ')});
  return h('ul', {class: depth === 0 ? 'shape' : ''}, Object.entries(properties).map(([name, value]) => {
    const one = resolve(value);
    const inner = resolve(one.type === 'array' ? one.items : one) ?? {};
    const deeper = depth < DEPTH_MAX && (inner.properties || inner.allOf || inner.oneOf);
    return h('li', {}, h('span', {class: 'name', text: name}), ' ', h('span', {class: 'kind', text: kind(one, resolve)}), required.includes(name) && h('span', {class: 'must', text: ' required'}),
      one.description && prose(one.description), deeper && shape(inner, resolve, depth + 1));
  }));
}

function fields(schema, resolve) {
  const found = {properties: {...schema.properties}, required: [...schema.required ?? []]};
  for (const part of schema.allOf ?? []) {
    const more = fields(resolve(part), resolve);
    Object.assign(found.properties, more.properties);
    found.required.push(...more.required);
  }
  return found;
}

/** Paragraphs, and code between backquotes: all that the contract's words need. */
function prose(text) {
  return h('div', {class: 'intro'}, text.trim().split(/\n\s*\n/).map(paragraph =>
    h('p', {}, paragraph.split('`').map((part, index) => index % 2 ? h('code', {text: part}) : part))));
}

function code(text) {
  return h('pre', {class: 'code', tabIndex: 0}, h('code', {text}), copyButton(text, 'Copy'));
}
