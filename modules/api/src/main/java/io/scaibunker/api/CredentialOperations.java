package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.store.Database;
import io.scaibunker.store.RegistryCredentials;
import io.scaibunker.store.RegistryCredentials.Credential;
import io.scaibunker.store.RegistryCredentials.Kept;
import io.scaibunker.store.SecretBox;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.Map;

/** A tenant's own credentials for registries. What is put in never comes out here. */
final class CredentialOperations {
    private final Database database;
    private final SecretBox box;

    CredentialOperations(Database database, SecretBox box) {
        this.database = database;
        this.box = box;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("putRegistryCredential", this::put);
        operations.put("listRegistryCredentials", this::list);
        operations.put("deleteRegistryCredential", this::delete);
    }

    private Future<Reply> put(Request request) {
        Credential credential =
                new Credential(request.text("username"), request.text("password"), request.text("token"));
        return RegistryCredentials.put(
                        database.client(), box, request.caller().tenantId(), request.path("host"), credential)
                .map(CredentialOperations::view)
                .map(Reply::ok);
    }

    private Future<Reply> list(Request request) {
        int limit = request.limit();
        return RegistryCredentials.list(database.client(), request.caller().tenantId(), request.afterText(), limit + 1)
                .map(rows -> Reply.pageBy(rows, limit, CredentialOperations::view, kept -> Cursor.of(kept.host())));
    }

    private Future<Reply> delete(Request request) {
        String host = request.path("host");
        return RegistryCredentials.delete(database.client(), request.caller().tenantId(), host)
                .compose(Finder.there(ErrorCode.CREDENTIAL_NOT_FOUND, "credential for", host))
                .map(CredentialOperations::view)
                .map(Reply::ok);
    }

    private static JsonObject view(Kept kept) {
        return new JsonObject().put("host", kept.host()).put("updated_at", Shown.time(kept.updatedAt()));
    }
}
