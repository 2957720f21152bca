/**
 * Where an image comes from: references, registries, archives.
 *
 * <p>A tenant names an image in one of two ways: by an OCI reference, or by a path that the worker can read. Both end in the
 * same two questions, and {@link io.scaibunker.oci.ImageSource} is nothing but these:
 *
 * <pre>
 *   resolve  what exactly is it?     a digest, a platform, an ordered list of layers, what its config says
 *   fetch    give me that layer      a local file under the layer's digest, whole and checked, or no file at all
 * </pre>
 *
 * An image source is opened for one piece of work, used by one thread, and closed; {@code cancel()} may come from any other
 * thread and ends it at once, even while it waits on a socket. Nothing is kept between two sources but the files of a
 * {@link io.scaibunker.oci.BlobDir}, which are named by their content.
 *
 * <p><b>Everything that arrives is hostile.</b> A manifest, a config, an archive's member list and the length of a blob are
 * bounded before they are believed; a blob gets its name only after its bytes were hashed; a manifest asked for by digest must
 * have that digest. What is refused is refused with a {@link io.scaibunker.oci.SourceException}, whose message is for the tenant
 * and names the offending value, and never contains a secret.
 *
 * <p><b>How a registry is talked to.</b> {@code RegistrySource} tries the endpoints of a host in order: its mirrors, then the
 * host itself. {@code RegistryCalls} sends one request to one endpoint: it asks {@link io.scaibunker.oci.RegistryPolicy} before
 * each connection, answers a challenge with a token or a password, follows redirects by hand (a credential stays with the host
 * it is for, and plain http only goes to hosts that the operator listed) and turns answers into typed errors. {@code Retrying}
 * repeats what may pass by itself. {@code BodyPipe} hands on the bytes and notices when they stop coming. {@code BlobDownload}
 * continues a broken blob where it ended.
 *
 * <p><b>Why jib-core does not carry the blobs.</b> It serves us for what Docker users expect of names and credential files
 * ({@code DockerConventions}, the one class that knows it). Its registry client follows redirects by itself, so a registry could
 * send a worker to an address that the operator denied; it cannot ask for the rest of a blob, does not wait when told to, and
 * hides a manifest's bytes. With the fetch that manifests need anyway, blobs come by the same road.
 *
 * <p><b>How a path is read.</b> {@code TarRoots} resolves all links and insists that the end lies under a root of the operator.
 * What it is, is told by content: a directory must be an OCI layout; a tar that is a {@code docker save} or an OCI archive is
 * opened ({@code ArchiveScan}); any other tar is a root file system and becomes the only layer.
 */
@NullMarked
package io.scaibunker.oci;

import org.jspecify.annotations.NullMarked;
