// Line icons on a grid of 16, drawn here.

const PATHS = {
  images: 'M8 1.8 14.2 5 8 8.2 1.8 5z M1.8 8 8 11.2 14.2 8 M1.8 11 8 14.2 14.2 11',
  bunkers: 'M2 3.5h12v9H2z M4.6 6.2 6.8 8 4.6 9.8 M8.4 10h3',
  workers: 'M2.2 2.6h11.6v4.2H2.2z M2.2 9.2h11.6v4.2H2.2z M4.8 4.7h.01 M4.8 11.3h.01',
  groups: 'M2 2h5v5H2z M9 2h5v5H9z M2 9h5v5H2z M11.5 9v5 M9 11.5h5',
  fleet: 'M1.6 9h2.8l2-6 3 10.4L11.4 9h3',
  docs: 'M3 2.2h7.4L13 4.8v9H3z M5.6 6.6h4.8 M5.6 9h4.8 M5.6 11.4h3',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z M8 1.4v1.4 M8 13.2v1.4 M1.4 8h1.4 M13.2 8h1.4 M3.3 3.3l1 1 M11.7 11.7l1 1 M3.3 12.7l1-1 M11.7 4.3l1-1',
  moon: 'M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z',
  out: 'M6.4 2.4H2.8v11.2h3.6 M10 4.8 13.4 8 10 11.2 M13.2 8H6.2',
  plus: 'M8 3v10 M3 8h10',
  search: 'M7 2.4a4.6 4.6 0 1 0 0 9.2 4.6 4.6 0 0 0 0-9.2z M10.4 10.4l3.2 3.2',
  copy: 'M5.6 5.6h8v8h-8z M10.4 5.6V2.4h-8v8h3.2',
  check: 'M3 8.6 6.4 12 13 4.6',
  alert: 'M8 2 14.6 13.4H1.4z M8 6.4v3.2 M8 11.6h.01',
  download: 'M8 2.4v7.4 M4.8 7 8 10.2 11.2 7 M2.8 13.4h10.4',
  upload: 'M8 10.4V3 M4.8 5.8 8 2.6l3.2 3.2 M2.8 13.4h10.4',
  trash: 'M2.6 4.4h10.8 M6 4.2V2.4h4v1.8 M4 4.6l.6 9h6.8l.6-9',
  folder: 'M1.8 3.4h4.4l1.6 1.8h6.4v7.6H1.8z',
  file: 'M3.6 1.8h5.6l3.2 3.2v9.2H3.6z M9 2v3.2h3.2',
  link: 'M6.6 9.4a2.6 2.6 0 0 0 3.7 0l2.3-2.3a2.6 2.6 0 0 0-3.7-3.7l-.9.9 M9.4 6.6a2.6 2.6 0 0 0-3.7 0L3.4 8.9a2.6 2.6 0 0 0 3.7 3.7l.9-.9',
  refresh: 'M13.4 8a5.4 5.4 0 1 1-1.7-3.9 M13.6 1.8v3h-3',
  menu: 'M2.4 4.4h11.2 M2.4 8h11.2 M2.4 11.6h11.2',
  chevron: 'M6 3.6 10.4 8 6 12.4',
  shield: 'M8 1.8 13.2 4v4c0 3-2.2 5.2-5.2 6.2C5 13.2 2.8 11 2.8 8V4z',
  flame: 'M8 1.8c.4 2.4 3.8 3.8 3.8 7.4a3.8 3.8 0 0 1-7.6 0c0-1.6.8-2.4 1.4-3.2.2 1.2.8 1.6 1.2 1.6C6.6 5.4 6.8 3.4 8 1.8z',
  pause: 'M5.4 3.4v9.2 M10.6 3.4v9.2',
  play: 'M4.8 3.2 12.4 8l-7.6 4.8z',
  stop: 'M3.6 3.6h8.8v8.8H3.6z',
};

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
