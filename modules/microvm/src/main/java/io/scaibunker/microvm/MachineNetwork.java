package io.scaibunker.microvm;

import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The one network device of a machine, made before it starts.
 *
 * @param namespace the file of the network namespace that the monitor runs in
 * @param tap the device there that the monitor takes
 * @param address the guest's, with its bits: {@code 10.0.0.2/30}
 * @param gateway where the guest sends everything, and asks for names
 * @param mtu the longest packet
 */
public record MachineNetwork(Path namespace, String tap, String address, String gateway, int mtu) {
    /** All machines' alike: each is alone on its wire. */
    static final String HARDWARE_ADDRESS = "52:54:00:5b:00:02";

    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9./_-]+");

    public MachineNetwork {
        namespace = namespace.toAbsolutePath();
        for (var word : new String[] {tap, address, gateway}) {
            if (!WORD.matcher(word).matches()) {
                throw new IllegalArgumentException("machine network is out of range: " + word);
            }
        }
    }
}
