package io.scaibunker.oci;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a tar holds, told by its members' names. An image archive has nothing but JSON documents, layers and their folders, so
 * the first name that does not belong there tells a root file system, mostly within the first few members.
 *
 * @param kind what it is
 * @param members by name; of two with the same name the later, as tar has it. Empty for a root file system
 * @param documents the JSON members
 */
record ArchiveScan(Kind kind, Map<String, Entry> members, Map<String, byte[]> documents) {
    private static final int MOST_MEMBERS = 20_000;
    private static final int LONGEST_LINK_CHAIN = 8;
    private static final int MOST_DOCUMENT_BYTES = 8 << 20;
    private static final int MOST_DOCUMENTS_BYTES = 32 << 20;
    private static final Pattern BELONGS = Pattern.compile("(?:blobs|[0-9a-f]{12,64})(?:/.*)?"
            + "|sha256:[0-9a-f]{64}|repositories|oci-layout|[^/]+\\.(?:json|tar|tar\\.gz|tgz|tar\\.zst)");

    enum Kind {
        ROOT_FILE_SYSTEM,
        DOCKER_ARCHIVE,
        OCI_ARCHIVE
    }

    /**
     * @param ordinal how many members came before it
     */
    record Entry(int ordinal, TarWalk.Member member) {}

    static ArchiveScan of(InputStream unpacked, String name, long mostBytes) throws IOException {
        var members = new HashMap<String, Entry>();
        var documents = new HashMap<String, byte[]>();
        var documentBytes = 0L;
        var bytesLeft = mostBytes;
        var walk = new TarWalk(unpacked);
        var ordinal = 0;
        for (var member = first(walk, name); member != null; member = walk.next()) {
            if (!belongs(member) || ordinal >= MOST_MEMBERS) {
                return new ArchiveScan(Kind.ROOT_FILE_SYSTEM, Map.of(), Map.of());
            }
            if (member.size() > bytesLeft) {
                throw tooLarge(name + " holds more than " + mostBytes + " bytes");
            }
            bytesLeft -= member.size();
            members.put(member.name(), new Entry(ordinal++, member));
            documents.remove(member.name());
            var document = document(walk, member);
            if (document.isPresent()) {
                documents.put(member.name(), document.get());
                documentBytes += document.get().length;
            }
            if (documentBytes > MOST_DOCUMENTS_BYTES) {
                throw tooLarge(name + " holds more than " + MOST_DOCUMENTS_BYTES + " bytes of JSON");
            }
        }
        if (ordinal == 0) {
            throw new SourceException(SourceException.Reason.UNSUPPORTED, name + " is an empty tar");
        }
        return new ArchiveScan(kind(documents), members, documents);
    }

    private static TarWalk.@Nullable Member first(TarWalk walk, String name) throws IOException {
        try {
            return walk.next();
        } catch (TarWalk.NoHeader noHeader) {
            throw new SourceException(
                    SourceException.Reason.UNSUPPORTED,
                    name + " is not a tar (plain, or compressed by gzip, zstd or xz)",
                    noHeader);
        }
    }

    private static boolean belongs(TarWalk.Member member) {
        var isRoot = member.isDirectory()
                && (member.name().isEmpty() || member.name().equals("."));
        return isRoot
                || (member.isFile() || member.isDirectory() || member.isLink())
                        && BELONGS.matcher(member.name()).matches();
    }

    private static Kind kind(Map<String, byte[]> documents) {
        // A current docker save is both; its docker half names the image, its OCI half may name several.
        if (documents.containsKey("manifest.json")) {
            return Kind.DOCKER_ARCHIVE;
        }
        return documents.containsKey("index.json") ? Kind.OCI_ARCHIVE : Kind.ROOT_FILE_SYSTEM;
    }

    private static Optional<byte[]> document(TarWalk walk, TarWalk.Member member) throws IOException {
        if (!member.isFile() || member.size() > MOST_DOCUMENT_BYTES) {
            return Optional.empty();
        }
        var bytes = new ByteArrayOutputStream();
        var buffer = new byte[8 << 10];
        for (var count = walk.read(buffer); count >= 0; count = walk.read(buffer)) {
            if (bytes.size() == 0 && buffer[0] != '{' && buffer[0] != '[') {
                return Optional.empty();
            }
            bytes.write(buffer, 0, count);
        }
        return Optional.of(bytes.toByteArray());
    }

    /** A JSON member. CORRUPT if it is not there. */
    byte[] document(String path, String name) {
        var bytes = documents.get(file(path, name).member().name());
        if (bytes == null) {
            throw corrupt(name + ": member " + SourceException.shown(path) + " is no JSON document");
        }
        return bytes;
    }

    /** The regular member that a path leads to, through links. CORRUPT if there is none. */
    Entry file(String path, String name) {
        var at = path;
        for (var hop = 0; hop <= LONGEST_LINK_CHAIN; hop++) {
            var entry = members.get(at);
            if (entry == null) {
                break;
            }
            if (entry.member().isFile()) {
                return entry;
            }
            at = target(entry.member());
        }
        throw corrupt(name + " has no member " + SourceException.shown(path));
    }

    private static String target(TarWalk.Member member) {
        var folder = member.name().lastIndexOf('/');
        var start = member.type() == '2' && folder > 0 ? member.name().substring(0, folder) : "";
        var parts = new ArrayDeque<String>();
        for (var part : (start + "/" + member.link()).split("/")) {
            switch (part) {
                case "", "." -> {}
                case ".." -> parts.pollLast();
                default -> parts.addLast(part);
            }
        }
        return String.join("/", parts);
    }

    private static SourceException tooLarge(String message) {
        return new SourceException(SourceException.Reason.TOO_LARGE, message);
    }

    private static SourceException corrupt(String message) {
        return new SourceException(SourceException.Reason.CORRUPT, message);
    }
}
