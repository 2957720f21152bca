package io.scaibunker.microvm;

import org.junit.jupiter.api.BeforeAll;

class QemuContractTest extends DriverContractTest {
    @BeforeAll
    static void prepare() throws Exception {
        image = GuestImage.make(directory);
        driver = Machines.driver(directory);
    }
}
