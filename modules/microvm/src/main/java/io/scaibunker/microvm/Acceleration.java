package io.scaibunker.microvm;

/**
 * How guest code runs on this host.
 *
 * @param kind KVM, or TCG where that does not work
 * @param reason a sentence for the log and for {@code GET /workers}
 */
public record Acceleration(Kind kind, String reason) {
    /** The two ways. */
    public enum Kind {
        KVM,
        TCG;

        /** QEMU's word. */
        public String word() {
            return switch (this) {
                case KVM -> "kvm";
                case TCG -> "tcg";
            };
        }
    }
}
