/**
 * One microVM, from its start to its end.
 *
 * <p>A {@link io.scaibunker.microvm.MachineDriver} starts a {@link io.scaibunker.microvm.Machine} from a
 * {@link io.scaibunker.microvm.MachineSpec}: a kernel, our initrd, an image that is only read, a scratch disk that takes
 * the writes. {@link io.scaibunker.microvm.QemuDriver} and {@link io.scaibunker.microvm.FirecrackerDriver} pass one contract
 * ({@code DriverContractTest}); what each does in its own way is behind {@link io.scaibunker.microvm.MonitorDoor}.
 *
 * <p><b>The machine is a process of its own.</b> It leads its own session, so the worker's terminal signals do not reach
 * it, and it is not tied to the worker's life: a later worker finds its process by its words and its working directory
 * ({@link io.scaibunker.microvm.Leftovers}), and takes hold of the sockets in there again
 * ({@link io.scaibunker.microvm.Leftover#attach}).
 *
 * <p><b>What the tenant can reach</b> is a monitor without a device that was not asked for, under a system call filter and in
 * what {@link io.scaibunker.microvm.Confinement} keeps it in: a user of its own, control groups, the network namespace of this one
 * machine; Firecracker's jailer adds a file system of its own. What the tenant prints on the console goes to a ring of bounded
 * size, what it says on the agent's channel through {@code guest}, which trusts nothing.
 *
 * <p><b>Two ways to the same things.</b> QEMU is told everything by its command line and finds its files open; the agent is behind
 * a virtio-serial port. Firecracker is told over HTTP ({@link io.scaibunker.microvm.FirecrackerCalls}), by Vert.x's client on a
 * socket of the file system, and opens files by name, so they lie in its room as hard links; the agent is behind vsock
 * ({@link io.scaibunker.microvm.HybridVsock}), the console is its standard output, and a power-off is a reset.
 *
 * <p><b>Limits.</b> The guest has whole virtual processors, {@code cpuMillicores} rounded up; once it has booted, a control group
 * holds the whole monitor to the thousandths themselves. Memory is the machine's size, and a control group's around the
 * monitor. The disk is as large as was asked for, and may be held to a rate.
 *
 * <p><b>Acceleration is probed.</b> {@code /dev/kvm} may open and still not run a stock kernel, so
 * {@link io.scaibunker.microvm.AccelerationProbe} boots the real one once, and TCG is what is left.
 */
@NullMarked
package io.scaibunker.microvm;

import org.jspecify.annotations.NullMarked;
