package io.scaibunker.microvm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What Firecracker is told, in its own words, from its start until its guest runs. */
final class FirecrackerCalls {
    static final String ACTIONS = "/actions";
    static final String STATE = "/vm";

    /** Each guest is alone in its own, so all have the first that is free. */
    private static final int GUEST_CID = 3;

    private static final int SECOND_MS = 1000;

    /** @param body what is put there */
    record Call(String path, Map<String, Object> body) {}

    private FirecrackerCalls() {}

    /** In this order: disks are named by it, and nothing is configured any more when the guest runs. */
    static List<Call> toStart(MachineSpec spec, long diskRate) {
        var calls = new ArrayList<Call>();
        calls.add(new Call("/logger", Map.of("level", "Warning", "show_level", true)));
        calls.add(
                new Call("/machine-config", Map.of("vcpu_count", spec.processors(), "mem_size_mib", spec.memoryMb())));
        calls.add(new Call(
                "/boot-source",
                Map.of(
                        "kernel_image_path", FirecrackerCommand.KERNEL,
                        "initrd_path", FirecrackerCommand.INITRD,
                        "boot_args", FirecrackerCommand.kernelLine(spec))));
        calls.add(disk(FirecrackerCommand.IMAGE, true, diskRate));
        calls.add(disk(FirecrackerCommand.SCRATCH, false, diskRate));
        spec.network().ifPresent(network -> calls.add(network(network)));
        calls.add(new Call("/entropy", Map.of()));
        calls.add(new Call("/vsock", Map.of("guest_cid", GUEST_CID, "uds_path", FirecrackerCommand.AGENT_SOCKET)));
        calls.add(action("InstanceStart"));
        return calls;
    }

    private static Call disk(String name, boolean readOnly, long diskRate) {
        var body = new LinkedHashMap<String, Object>();
        body.put("drive_id", name);
        body.put("path_on_host", name);
        body.put("is_root_device", false);
        body.put("is_read_only", readOnly);
        body.put("cache_type", readOnly ? "Unsafe" : "Writeback");
        if (diskRate > 0) {
            // A limit is one disk's here, and the rate is for both.
            var bucket = Map.of("size", Math.max(1, diskRate / 2), "refill_time", SECOND_MS);
            body.put("rate_limiter", Map.of("bandwidth", bucket));
        }
        return new Call("/drives/" + name, body);
    }

    private static Call network(MachineNetwork network) {
        return new Call(
                "/network-interfaces/net",
                Map.of(
                        "iface_id",
                        "net",
                        "host_dev_name",
                        network.tap(),
                        "guest_mac",
                        MachineNetwork.HARDWARE_ADDRESS));
    }

    static Call action(String word) {
        return new Call(ACTIONS, Map.of("action_type", word));
    }

    static Call state(String word) {
        return new Call(STATE, Map.of("state", word));
    }
}
