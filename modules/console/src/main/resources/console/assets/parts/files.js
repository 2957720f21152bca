// The files of a bunker: walked, fetched, put, removed.

import {h, fill} from '../lib/dom.js';
import {icon} from '../lib/icons.js';
import {BASE, ApiError, blob, get, remove} from '../lib/api.js';
import {session} from '../lib/session.js';
import {byName, bytes} from '../lib/format.js';
import {button, complain, confirm, doing, empty, failure, skeleton, table, toast, when} from '../lib/ui.js';
import {download} from './findings.js';

const COLUMNS = [{title: 'Name'}, {title: 'Size', class: 'right tight'}, {title: 'Mode', class: 'tight'}, {title: 'Owner', class: 'tight'}, {title: 'Changed', class: 'right tight'}, {label: 'Actions', title: '', class: 'right tight'}];

export function files(panel, at, signal) {
  let folder = '/';
  let asked = 0;
  const trail = h('nav', {class: 'trail', 'aria-label': 'Folder'});
  const place = h('div', {class: 'card flush'}, skeleton());
  const chooser = h('input', {type: 'file', multiple: true, class: 'unseen', tabIndex: -1, 'aria-label': 'Files to upload', on: {change: async event => {
    const chosen = [...event.target.files];
    event.target.value = '';
    await send(chosen, folder);
  }}});
  const progress = h('div', {role: 'status'});
  panel.append(h('div', {class: 'bar'}, trail, h('span', {class: 'space'}), chooser, button('Upload', {icon: 'upload', kind: 'small', on: () => chooser.click()}),
    doing(button('Refresh', {icon: 'refresh', kind: 'small'}), () => load(folder))), progress, place);
  place.addEventListener('dragover', event => {
    event.preventDefault();
    place.classList.add('over');
  });
  place.addEventListener('dragleave', () => place.classList.remove('over'));
  place.addEventListener('drop', event => {
    event.preventDefault();
    place.classList.remove('over');
    send([...event.dataTransfer.files], folder);
  });

  const join = (into, name) => `${into === '/' ? '' : into}/${name}`;
  const list = path => get(`${at}/files/list`, {query: {path}, signal});

  /** Goes to a folder. An answer that comes when one has gone on is of no use: what it names lies elsewhere. */
  async function load(path, answer = list(path)) {
    const mine = ++asked;
    folder = path;
    fill(trail, ...crumbs());
    try {
      const {entries, truncated} = await answer;
      if (mine !== asked) return;
      const sorted = entries.sort((one, other) => (other.kind === 'directory') - (one.kind === 'directory') || byName(one.name, other.name));
      const shown = table(`What ${path} holds`, COLUMNS);
      shown.element.classList.add('cards', 'files');
      shown.body.append(...sorted.map(entry => entryRow(entry, path)));
      fill(place, sorted.length ? shown.element : empty('folder', 'It is empty', 'Drop files here, or choose some to upload.'),
        truncated && h('p', {class: 'fine inset', text: 'Only the first 10,000 are shown.'}));
    } catch (thrown) {
      if (!signal.aborted && mine === asked) fill(place, failure(thrown, () => load(path)));
    }
  }

  function crumbs() {
    const names = folder.split('/').filter(Boolean);
    return [step('/', '/', names.length === 0), ...names.map((name, index) => step(name, `/${names.slice(0, index + 1).join('/')}`, index === names.length - 1))];
  }

  function step(text, path, last) {
    return h('button', {type: 'button', class: 'step', 'aria-current': last ? 'true' : null, on: {click: () => load(path)}}, text);
  }

  function entryRow(entry, within) {
    const path = join(within, entry.name);
    const isFolder = entry.kind === 'directory';
    const fetched = async () => download(await blob(`${at}/files`, {query: {path}, signal}), entry.name);
    const open = {directory: () => load(path), link: () => follow(path, fetched)}[entry.kind] ?? fetched;
    const name = doing(h('button', {type: 'button', class: 'entry'}, icon(isFolder ? 'folder' : entry.kind === 'link' ? 'link' : 'file'), h('span', {text: entry.name})), open);
    return h('tr', {class: 'to'}, h('td', {'data-label': 'Name'}, name),
      h('td', {'data-label': 'Size', class: 'right tight number quiet'}, entry.kind === 'file' ? bytes(entry.size) : ''),
      h('td', {'data-label': 'Mode', class: 'tight mono quiet'}, entry.mode),
      h('td', {'data-label': 'Owner', class: 'tight mono quiet'}, `${entry.uid}:${entry.gid}`),
      h('td', {'data-label': 'Changed', class: 'right tight quiet'}, when(entry.modified_at)),
      h('td', {'data-label': '', class: 'right tight'}, doing(h('button', {type: 'button', class: 'bare', 'aria-label': `Remove ${entry.name}`, title: 'Remove'}, icon('trash')), async () => {
        if (await confirm(`Remove ${entry.name}?`, isFolder ? 'The directory and all it holds.' : path, 'Remove')) {
          await remove(`${at}/files`, {query: {path, ...isFolder ? {recursive: true} : {}}});
          if (folder === within) await load(within);
        }
      })));
  }

  /** A link does not say what it leads to: it is a folder if it can be listed. */
  async function follow(path, otherwise) {
    const answer = list(path);
    try {
      await answer;
    } catch (thrown) {
      if (thrown.status >= 400 && thrown.status < 500) return otherwise();
      throw thrown;
    }
    return load(path, answer);
  }

  /** They go where one was when they were chosen, however long that takes. */
  async function send(chosen, into) {
    for (const file of chosen) {
      try {
        await upload(`${at}/files?path=${encodeURIComponent(join(into, file.name))}`, file, share =>
          fill(progress, h('p', {class: 'fine', text: `${file.name}: ${Math.floor(share * 100)} % of ${bytes(file.size)}`})));
        toast(`${file.name} is in ${into}`);
      } catch (thrown) {
        complain(thrown);
      }
    }
    fill(progress);
    if (folder === into) await load(into);
  }

  load('/');
}

/** By XMLHttpRequest, which alone tells how far an upload is. */
function upload(path, file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', BASE + path);
    request.setRequestHeader('Authorization', `Bearer ${session.key}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.onprogress = event => onProgress(event.total ? event.loaded / event.total : 0);
    request.onload = () => {
      if (request.status < 300) {
        resolve();
        return;
      }
      let said = {code: 'NO_ANSWER', message: `answered ${request.status}`};
      try {
        said = JSON.parse(request.responseText).error;
      } catch {
        // Not the API's form.
      }
      reject(new ApiError(request.status, said, request.getResponseHeader('X-Request-Id')));
    };
    request.onerror = () => reject(new ApiError(0, {code: 'UNREACHABLE', message: `${file.name} did not arrive: the connection broke.`}));
    request.send(file);
  });
}
