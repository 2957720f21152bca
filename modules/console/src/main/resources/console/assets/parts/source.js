// Where an image comes from, in one line.

export function sourceText(source) {
  return source.kind === 'oci' ? source.ref : source.path;
}
