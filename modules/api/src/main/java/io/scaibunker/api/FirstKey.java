package io.scaibunker.api;

import io.scaibunker.model.KeyId;
import io.scaibunker.model.Permission;
import io.scaibunker.model.Role;
import io.scaibunker.model.Secret;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.store.ApiKeys;
import io.scaibunker.store.Database;
import io.scaibunker.store.Partners;
import io.scaibunker.store.Tenants;
import io.scaibunker.store.Users;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;

/** The first way in: at the first start of a platform a user who may everything, and one key. */
public final class FirstKey {
    private FirstKey() {}

    /**
     * Makes partner and tenant {@code default}, user {@code admin}, and a key, if there is no user at all. Of nodes that
     * start at once one makes them. The key is written to {@code file}, readable by its owner alone, before it is of any use:
     * a process that dies in between leaves a file with a dead key, never a key that nobody knows.
     *
     * @return the key, to be shown once; empty if there was a user already
     */
    public static Future<Optional<Secret>> ensure(Database database, Path file) {
        return database.inTransaction(sql -> Users.nobodyYet(sql)
                .compose(nobody ->
                        nobody ? make(sql, file).map(Optional::of) : Future.succeededFuture(Optional.empty())));
    }

    private static Future<Secret> make(SqlClient sql, Path file) {
        TenantId tenant = TenantId.fresh();
        UserId user = UserId.fresh();
        KeySecret secret = KeySecret.fresh();
        ApiKeys.Minted key =
                new ApiKeys.Minted(KeyId.fresh(), user, "first", secret.hash(), secret.hint(), Optional.empty());
        return Partners.named(sql, "default")
                .compose(partner -> Tenants.insert(sql, tenant, partner, "default"))
                .compose(made ->
                        Users.insert(sql, user, tenant, "admin", Role.SUPER_ADMIN, EnumSet.noneOf(Permission.class)))
                .compose(made -> ApiKeys.insert(sql, key))
                .compose(made -> write(file, secret))
                .map(written -> new Secret(secret.text()));
    }

    private static Future<Void> write(Path file, KeySecret secret) {
        try {
            Path home = file.toAbsolutePath().getParent();
            Files.createDirectories(home);
            Path beside = Files.createTempFile(
                    home,
                    ".first-key",
                    "",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(beside, secret.text() + "\n");
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
            return Future.succeededFuture();
        } catch (IOException e) {
            return Future.failedFuture(e);
        }
    }
}
