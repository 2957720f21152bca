package io.scaibunker.guest;

import io.scaibunker.guest.ExecRequest.Terminal;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that goes over the wire. {@link FrameCodec} holds the bytes; the agent's {@code agent.h} holds the same
 * numbers.
 */
sealed interface Frame {
    /** The version of this page. */
    int PROTOCOL = 1;

    /** The most that a frame's type, stream and body may take. */
    int MAX_LENGTH = 65_536;

    /** Type and stream. */
    int HEADER = 5;

    /** The most bytes of stdin or output in one frame. */
    int MAX_DATA = 16_384;

    /** What a frame of output costs in credit besides its bytes; bounds the number of frames in flight. */
    int FRAME_COST = 64;

    /** Bits of EXEC's flags; beyond the first one, also what an agent may know ({@link GuestHello#features}). */
    int WITH_STDIN = 1;

    int WITH_TERMINAL = 2;
    int FILE_WORK = 4;

    /** What an agent may know besides: {@link Clock}; telling in its greeting when it began. */
    int SET_CLOCK = 8;

    int TELLS_START = 16;

    /** Commands at the same time on one connection. */
    int MAX_STREAMS = 64;

    /** Frames that the host sends. */
    sealed interface ToGuest extends Frame {}

    /** Frames that the agent sends. */
    sealed interface FromGuest extends Frame {}

    /** Greets; the nonce comes back in the agent's own. */
    record Hello(int protocol, byte[] nonce) implements ToGuest {}

    /** Ends the machine: commands are terminated, file systems unmounted, power off. */
    record PowerOff() implements ToGuest {}

    /** Starts a command on a fresh stream, with credit for that much output. */
    record Exec(
            int stream,
            int credit,
            boolean stdin,
            @Nullable Terminal terminal,
            boolean fileWork,
            List<String> argv,
            List<String> env,
            String cwd,
            String user)
            implements ToGuest {}

    /** Input for a command; never more than the agent gave credit for. */
    record Stdin(int stream, byte[] bytes) implements ToGuest {}

    /** No more input. */
    record StdinEnd(int stream) implements ToGuest {}

    /** More credit for output. */
    record Credit(int stream, int more) implements ToGuest {}

    /** A signal for the command's process group; 9 for all it ever started. */
    record Signal(int stream, int number) implements ToGuest {}

    /** Another size for the command's terminal. */
    record Resize(int stream, Terminal size) implements ToGuest {}

    /** Sets the guest's clock: it was paused, and does not know how long. */
    record Clock(Instant now) implements ToGuest {}

    /** The agent's greeting. {@code startMillis}: its own beginning, on the clock of {@code uptimeMillis}. */
    record HelloBack(int protocol, int features, byte[] nonce, long uptimeMillis, long startMillis, String version)
            implements FromGuest {}

    /** The command runs. */
    record Started(int stream, int pid) implements FromGuest {}

    /** The command never ran; the stream is done. */
    record Failed(int stream, int stage, int errno) implements FromGuest {}

    /** Output; costs its bytes and {@link #FRAME_COST}. */
    record Output(int stream, boolean stderr, byte[] bytes) implements FromGuest {}

    /** Room for more input. */
    record StdinCredit(int stream, int more) implements FromGuest {}

    /** The command ended; the stream is done. */
    record Ended(int stream, boolean signalled, int value) implements FromGuest {}
}
