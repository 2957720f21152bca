package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Scope;
import io.scaibunker.store.Images;
import io.scaibunker.store.Images.Image;
import io.scaibunker.store.Viewer;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.util.Optional;
import java.util.function.Function;

/** Finds what a caller names, or says that it is not there: also when it is there and another's. */
final class Finder {
    private Finder() {}

    /** @param nameOrId what looks like an id is one: no name can (a name has no {@code _} behind three letters and 32 digits) */
    static Future<Image> image(SqlClient sql, Viewer viewer, String nameOrId) {
        Optional<ImageId> id = imageId(nameOrId);
        return (id.isPresent() ? Images.find(sql, viewer, id.get()) : Images.named(sql, viewer, nameOrId))
                .compose(there(ErrorCode.IMAGE_NOT_FOUND, "image", nameOrId));
    }

    private static Optional<ImageId> imageId(String text) {
        try {
            return Optional.of(ImageId.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** An image that the caller owns: what one sees by its scope one may use, not manage. */
    static Future<Image> ownImage(SqlClient sql, Caller caller, String nameOrId) {
        return image(sql, caller.viewer(), nameOrId).map(image -> {
            Images.Registration owner = image.registration();
            boolean owns = caller.viewer().reaches(owner.tenantId(), owner.partnerId())
                    && caller.reach().compareTo(owner.scope()) >= 0;
            if (!owns) {
                throw Caller.denied("an image of " + owner.scope().word() + " scope is managed by its "
                        + (owner.scope() == Scope.PLATFORM
                                ? "platform"
                                : owner.scope().word()));
            }
            return image;
        });
    }

    static <T> Function<Optional<T>, Future<T>> there(ErrorCode missing, String kind, Object name) {
        return found -> found.map(Future::succeededFuture)
                .orElseGet(() -> Future.failedFuture(new PlatformException(
                        missing, "there is no " + kind + " " + Allowed.shorten(name.toString()))));
    }
}
