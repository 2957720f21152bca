package io.scaibunker.model;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What a user may do; {@link #key} is how grants and the contract spell it. */
public enum Permission {
    /** Read what one's reach shows; comes with every role, and with {@link #CREATE}. */
    READ("scaibunker:read"),
    CREATE("scaibunker:create"),
    CREATE_SESSION("scaibunker:create:session"),
    CREATE_PERSISTENT("scaibunker:create:persistent"),
    EXECUTE("scaibunker:execute"),
    SHELL("scaibunker:shell"),
    FILES("scaibunker:files"),
    ROOT("scaibunker:root"),
    NETWORK_REGISTRY("scaibunker:network:registry"),
    NETWORK_ALLOWLISTED("scaibunker:network:allowlisted"),
    NETWORK_UNRESTRICTED("scaibunker:network:unrestricted"),
    NETWORK_TRANSIT("scaibunker:network:transit"),
    L2_TRANSPARENCY("scaibunker:l2_transparency"),
    IMAGES_MANAGE("scaibunker:images:manage"),
    /** All bunkers within one's reach; drain and resume workers. */
    ADMIN("scaibunker:admin"),
    ADMIN_TENANT("scaibunker:admin:tenant"),
    ADMIN_PLATFORM("scaibunker:admin:platform");

    private final String key;

    Permission(String key) {
        this.key = key;
    }

    public String key() {
        return key;
    }

    /** @throws IllegalArgumentException naming the key and what is allowed */
    public static Permission parse(String key) {
        for (Permission permission : values()) {
            if (permission.key.equals(key)) {
                return permission;
            }
        }
        throw new IllegalArgumentException("value: " + key + " (expected one of: "
                + Arrays.stream(values()).map(Permission::key).collect(Collectors.joining(", ")) + ")");
    }
}
