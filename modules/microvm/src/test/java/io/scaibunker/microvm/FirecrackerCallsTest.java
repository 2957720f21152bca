package io.scaibunker.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.microvm.FirecrackerCalls.Call;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Every call against what Firecracker says that it takes, without a machine. */
class FirecrackerCallsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final MachineNetwork NETWORK =
            new MachineNetwork(Path.of("/run/netns/a"), "tap0", "100.96.0.2/30", "100.96.0.1", 1400);

    private final ApiDescription description = ApiDescription.read();

    FirecrackerCallsTest() throws IOException {}

    private static MachineSpec spec() {
        return new MachineSpec(
                "bnk_a",
                Path.of("/machines/bnk_a"),
                Path.of("/kernel"),
                Path.of("/initrd"),
                Path.of("/image"),
                Path.of("/scratch"),
                64,
                1500,
                192,
                "a",
                Optional.of(NETWORK));
    }

    private Optional<String> fault(String method, Call call, boolean started) throws IOException {
        return description.fault(method, call.path(), JSON.writeValueAsString(call.body()), started);
    }

    @Test
    void theDescriptionTakesThemAll() throws IOException {
        for (var rate : new long[] {0, 1, 4_000_000}) {
            for (var call : FirecrackerCalls.toStart(spec(), rate)) {
                assertThat(fault("PUT", call, false)).as(call.path()).isEmpty();
            }
        }
        for (var call : List.of(FirecrackerCalls.state("Paused"), FirecrackerCalls.state("Resumed"))) {
            assertThat(fault("PATCH", call, true)).isEmpty();
        }
        assertThat(fault("PUT", FirecrackerCalls.action("SendCtrlAltDel"), true))
                .isEmpty();
        assertThat(description.fault("GET", "/", "", true)).isEmpty();
    }

    @Test
    void theDescriptionTakesNothingElse() throws IOException {
        var disk = Map.<String, Object>of("drive_id", "a", "is_root_device", false);
        assertThat(fault("PUT", new Call("/drives/a", disk), false)).isEmpty();
        assertThat(fault("PUT", new Call("/drives/a", disk), true))
                .hasValueSatisfying(said -> assertThat(said).contains("not supported after"));
        assertThat(fault("PUT", new Call("/drives/b", disk), false)).isPresent();
        assertThat(fault("POST", new Call("/drives/a", disk), false)).isPresent();
        assertThat(fault("PUT", new Call("/drives/a", Map.of("drive_id", "a")), false))
                .isPresent();
        assertThat(fault("PUT", new Call("/vsock", Map.of("guest_cid", 2, "uds_path", "a")), false))
                .isPresent();
        assertThat(fault("PUT", new Call("/vsock", Map.of("guest_cid", "3", "uds_path", "a")), false))
                .isPresent();
        assertThat(fault("PUT", new Call("/vsock", Map.of("guest_cid", 3, "uds_path", "a", "colour", 1)), false))
                .isPresent();
        assertThat(fault("PATCH", FirecrackerCalls.state("Stopped"), true)).isPresent();
        assertThat(fault("PATCH", FirecrackerCalls.state("Paused"), false)).isPresent();
        assertThat(description.fault("PUT", "/actions", "{", false)).isPresent();
        assertThat(description.fault("PUT", "/snapshot/create", "{}", true)).isPresent();
    }

    @Test
    void aMachineIsToldWhatItsSpecSays() {
        var calls = FirecrackerCalls.toStart(spec(), 4_000_000);
        assertThat(body(calls, "/machine-config")).isEqualTo(Map.of("vcpu_count", 2, "mem_size_mib", 192));
        assertThat(body(calls, "/drives/image")).containsEntry("is_read_only", true);
        assertThat(body(calls, "/drives/scratch"))
                .containsEntry("is_read_only", false)
                .containsEntry("cache_type", "Writeback")
                .containsEntry("rate_limiter", Map.of("bandwidth", Map.of("size", 2_000_000L, "refill_time", 1000)));
        assertThat(body(calls, "/network-interfaces/net")).containsEntry("host_dev_name", "tap0");
        assertThat(body(calls, "/boot-source").get("boot_args"))
                .asString()
                .contains(" scaibunker.net=100.96.0.2/30,100.96.0.1 scaibunker.mtu=1400")
                .contains(" scaibunker.image=vda scaibunker.scratch=vdb scaibunker.vsock=5211 ");
        assertThat(calls.getLast()).isEqualTo(FirecrackerCalls.action("InstanceStart"));
    }

    private static Map<String, Object> body(List<Call> calls, String path) {
        return calls.stream()
                .filter(call -> call.path().equals(path))
                .findFirst()
                .orElseThrow()
                .body();
    }
}
