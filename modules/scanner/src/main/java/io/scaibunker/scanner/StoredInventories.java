package io.scaibunker.scanner;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.store.Database;
import io.scaibunker.store.Inventories;
import io.vertx.core.Future;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What artifacts hold: asked of a worker once, then kept. */
final class StoredInventories {
    private static final Logger LOG = LoggerFactory.getLogger(StoredInventories.class);

    /** Any worker that has a copy can tell; some are asked, in case one is away. */
    private static final int ASKED = 3;

    private final Database database;
    private final InventorySource workers;

    StoredInventories(Database database, InventorySource workers) {
        this.database = database;
        this.workers = workers;
    }

    /** @return the inventory, packed; fails with {@link ErrorCode#SERVICE_UNAVAILABLE} if no worker could tell */
    Future<byte[]> of(Digest artifact) {
        return Inventories.find(database.client(), artifact)
                .compose(found -> found.map(Future::succeededFuture)
                        .orElseGet(() -> Inventories.holders(database.client(), artifact, ASKED)
                                .compose(holders -> ask(holders, artifact))
                                .compose(content -> Inventories.keep(database.client(), artifact, content)
                                        .map(content))));
    }

    private Future<byte[]> ask(List<String> holders, Digest artifact) {
        if (holders.isEmpty()) {
            return Future.failedFuture(new PlatformException(
                    ErrorCode.SERVICE_UNAVAILABLE, "no worker that has a copy can tell what it holds"));
        }
        return workers.read(holders.getFirst(), artifact).recover(thrown -> {
            LOG.info("{} does not tell what {} holds: {}", holders.getFirst(), artifact, thrown.toString());
            return ask(holders.subList(1, holders.size()), artifact);
        });
    }
}
