package io.scaibunker.fanout;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Question;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.RegistryCredentials;
import io.scaibunker.store.RegistryCredentials.Credential;
import io.scaibunker.store.SecretBox;
import io.vertx.core.Future;
import java.util.Optional;

/** Hands a tenant's registry credential to the worker that has one of the tenant's images to build, and to nobody else. */
final class CredentialDesk {
    private final Database database;
    private final SecretBox secrets;

    CredentialDesk(Database database, SecretBox secrets) {
        this.database = database;
        this.secrets = secrets;
    }

    Future<Answer.CredentialGiven> give(Question.CredentialWanted question) {
        var row = new ImageCache.Answered(question.workerId(), question.imageId(), question.generation());
        return ImageCache.buildsFor(database.client(), row)
                .compose(tenant -> tenant.isEmpty()
                        ? Future.succeededFuture(Optional.<Credential>empty())
                        : RegistryCredentials.open(database.client(), secrets, tenant.get(), question.host()))
                .map(found -> new Answer.CredentialGiven(
                        found.map(CredentialDesk::given).orElse(null)));
    }

    private static Answer.RegistryCredential given(Credential credential) {
        return new Answer.RegistryCredential(
                credential.username().orElse(null),
                credential.password().orElse(null),
                credential.token().orElse(null));
    }
}
