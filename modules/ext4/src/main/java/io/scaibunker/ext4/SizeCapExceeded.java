package io.scaibunker.ext4;

/** The content does not fit into the size that was asked for. */
public final class SizeCapExceeded extends ImageWriteException {
    private static final long serialVersionUID = 1L;

    private final long neededMib;
    private final long allowedMib;

    public SizeCapExceeded(long neededMib, long allowedMib) {
        super(Reason.SIZE_CAP_EXCEEDED, "the image needs " + neededMib + " MiB and may take " + allowedMib + " MiB");
        this.neededMib = neededMib;
        this.allowedMib = allowedMib;
    }

    /** What would do, with a small margin; a lower bound where the reading was ended early. */
    public long neededMib() {
        return neededMib;
    }

    public long allowedMib() {
        return allowedMib;
    }
}
