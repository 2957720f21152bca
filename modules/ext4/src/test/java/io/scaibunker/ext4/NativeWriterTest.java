package io.scaibunker.ext4;

class NativeWriterTest extends WriterContract {
    @Override
    ImageWriter writer() {
        return new NativeWriter();
    }
}
