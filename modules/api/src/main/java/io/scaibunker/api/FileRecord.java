package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file as the guest's agent tells it: {@code kind mode uid gid size mtime name}. The guest may tell anything. */
record FileRecord(char kind, String mode, long uid, long gid, long size, Instant modified, String name) {
    private static final Pattern FORM = Pattern.compile(
            "([fdlo]) ([0-7]{1,4}) ([0-9]{1,10}) ([0-9]{1,10}) ([0-9]{1,18}) (-?[0-9]{1,11}) (.*)", Pattern.DOTALL);

    static FileRecord parse(String told) {
        Matcher matcher = FORM.matcher(told);
        if (!matcher.matches()) {
            throw wrong();
        }
        return new FileRecord(
                matcher.group(1).charAt(0),
                matcher.group(2),
                Long.parseLong(matcher.group(3)),
                Long.parseLong(matcher.group(4)),
                Long.parseLong(matcher.group(5)),
                Instant.ofEpochSecond(Long.parseLong(matcher.group(6))),
                matcher.group(7));
    }

    static PlatformException wrong() {
        return new PlatformException(ErrorCode.FILE_CONFLICT, "the bunker does not tell its files as it should");
    }

    JsonObject view() {
        return new JsonObject()
                .put("name", name)
                .put(
                        "kind",
                        switch (kind) {
                            case 'f' -> "file";
                            case 'd' -> "directory";
                            case 'l' -> "link";
                            default -> "other";
                        })
                .put("mode", mode)
                .put("uid", uid)
                .put("gid", gid)
                .put("size", size)
                .put("modified_at", modified.toString());
    }
}
