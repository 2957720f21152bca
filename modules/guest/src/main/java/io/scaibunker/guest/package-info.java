/**
 * What runs inside a bunker before anything of the tenant does, and how a worker talks to it.
 *
 * <p>The <b>agent</b> ({@code src/main/c}) is the first process of the guest and stays it: it loads the kernel modules,
 * lays the writable scratch disk over the read-only image, moves into the result, and from then on starts commands and
 * carries their bytes. It is one static program without an allocator: every buffer it will ever use exists when it
 * starts. {@link io.scaibunker.guest.Initrd} packs it with the modules of a {@link io.scaibunker.guest.GuestKernel}
 * into the archive that the kernel unpacks.
 *
 * <p>The <b>wire</b> is a byte stream (a virtio-serial port, or vsock, as the kernel's command line says) with frames in both directions:
 *
 * <pre>
 *   u32 length (of what follows, 5 .. 65536) | u8 type | u32 stream | body
 * </pre>
 *
 * Numbers are big endian. A stream is one command; its number is chosen by the host and never used twice on one
 * connection. Stream 0 is the machine itself. All frames are listed in {@link io.scaibunker.guest.Frame}.
 *
 * <p><b>Greeting.</b> A byte stream that outlives its reader starts anywhere: a worker that was killed may have left
 * half a frame on either side. So the host starts with more zero bytes than a frame can hold (whatever was half-sent
 * ends as an invalid frame), then a magic word, then HELLO with a fresh nonce. The agent that sees the magic ends all
 * commands of the former connection and answers with its own magic and HELLO carrying that nonce; the host skips
 * everything before it. A first connection goes exactly the same way: there is no second path.
 *
 * <p><b>Flow.</b> Each output frame costs its body plus {@value io.scaibunker.guest.Frame#FRAME_COST} of the stream's
 * credit, which the host gives with EXEC and renews as the caller's sink takes the bytes. A command that floods its
 * output stops when its own credit is gone and nobody else notices. Input goes the same way round: the agent gives
 * credit for as much as its buffer of that stream holds.
 *
 * <p><b>Distrust.</b> A tenant owns the guest's kernel sooner or later, so every byte from there may be made up. The
 * host bounds the frame, the credit, the number of streams, and what it skips before the greeting; whatever does not
 * fit ends the connection with {@link io.scaibunker.guest.GuestException}, never more than that. Nothing from the guest
 * makes the host allocate more than (streams × window).
 *
 * <p><b>Terminals and files</b> are flags of the same streams; HELLO says which the agent knows. Work with files is a command
 * whose process executes nothing but the agent's own {@code file.c}: it runs as the user, its bytes have the same credit,
 * killing it is the same. So is holding the disk still for a snapshot ({@code freeze}): the process that holds it lets go at the end of its
 * input, when it is killed, or when its time is over. Paths are the guest's, behind the guest's kernel: there is no way out of it by a path.
 */
@NullMarked
package io.scaibunker.guest;

import org.jspecify.annotations.NullMarked;
