package io.scaibunker.bus;

import io.scaibunker.bus.proto.Piece;
import io.scaibunker.bus.proto.PiecesWanted;
import io.scaibunker.bus.proto.TablePart;
import io.scaibunker.bus.proto.TableWanted;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;

/** The calls of {@code CopyExchange} in {@code worker.proto}, seen from both ends. */
public final class CopyExchange {
    /** The metadata key of a refusal that names others who can serve. */
    public static final String INSTEAD_KEY = "scaibunker-instead";

    /** The metadata key of an answer that says which worker gives it. */
    public static final String WORKER_KEY = "scaibunker-worker";

    /** The largest message of these calls: a piece and what is around it. */
    public static final int MESSAGE_MAX = 512 * 1024;

    private static final ServiceName SERVICE = ServiceName.create("scaibunker.worker.v1", "CopyExchange");

    public static final ServiceMethod<TablePart, TableWanted> TABLE_CLIENT =
            ServiceMethod.client(SERVICE, "Table", LeanMessages.encoder(), LeanMessages.decoder(TablePart.parser()));

    public static final ServiceMethod<TableWanted, TablePart> TABLE_SERVER =
            ServiceMethod.server(SERVICE, "Table", LeanMessages.encoder(), LeanMessages.decoder(TableWanted.parser()));

    public static final ServiceMethod<Piece, PiecesWanted> PIECES_CLIENT =
            ServiceMethod.client(SERVICE, "Pieces", LeanMessages.encoder(), LeanMessages.decoder(Piece.parser()));

    public static final ServiceMethod<PiecesWanted, Piece> PIECES_SERVER = ServiceMethod.server(
            SERVICE, "Pieces", LeanMessages.encoder(), LeanMessages.decoder(PiecesWanted.parser()));

    private CopyExchange() {}
}
