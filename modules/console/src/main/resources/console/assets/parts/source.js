// Where an image comes from, in one line.

export function sourceText(source) {
  return source.kind === 'snapshot' ? `snapshot ${source.snapshot_id}` : sourceName(source);
}

/** The same as a command takes it. */
export function sourceName(source) {
  return {oci: source.ref, tar: source.path, snapshot: source.snapshot_id}[source.kind] ?? source.kind;
}
