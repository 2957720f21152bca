package io.scaibunker.testkit;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What users and operators ask of the fleet meanwhile. A call may find nothing, or nobody; it must not be answered by a mistake. */
final class ChaosCalls {
    /** Gone, in another state, too many, not now. */
    private static final Set<Integer> FAIR = Set.of(404, 409, 429, 503);

    private final ApiClient api;
    private final String reference;
    private final List<String> mistakes = new ArrayList<>();
    private String group = "";

    /** @param reference of all images, but for the number of their content */
    ChaosCalls(ApiClient api, String reference) {
        this.api = api;
        this.reference = reference;
    }

    /** Of all images, for the workers that join it. */
    void openGroup() {
        group = api.post(
                        "/availability-groups",
                        new JsonObject().put("name", "pool").put("image_policy", "all"))
                .data()
                .getString("id");
    }

    /** Answers that there should not have been. */
    List<String> mistakes() {
        return List.copyOf(mistakes);
    }

    private void fair(ApiClient.Answer answer) {
        if (answer.status() >= 300 && !FAIR.contains(answer.status())) {
            mistakes.add("a call was answered " + answer.status() + " "
                    + answer.body().encode());
        }
    }

    private static String image(int number) {
        return "image-" + number;
    }

    void register(int image, int content) {
        fair(api.post(
                "/images",
                new JsonObject()
                        .put("name", image(image))
                        .put("size_mib", 64)
                        .put("default_memory_mb", 128)
                        .put("default_disk_mb", 64)
                        .put("build_source", new JsonObject().put("kind", "oci").put("ref", reference + content))));
    }

    void warm(int image) {
        fair(api.post("/images/" + image(image) + "/warm", new JsonObject()));
    }

    void warmAll() {
        for (var image : rows("/images?status=active&limit=500")) {
            api.post("/images/" + image.getString("id") + "/warm", new JsonObject())
                    .data();
        }
    }

    void deactivate(int image) {
        fair(api.post("/images/" + image(image) + "/deactivate", new JsonObject()));
    }

    /** The workers of this name: a wiped one comes back as another. */
    List<String> idsOf(String worker) {
        return rows("/workers").stream()
                .filter(row -> row.getString("name").equals(worker))
                .map(row -> row.getString("id"))
                .toList();
    }

    void join(String worker) {
        var ids = idsOf(worker);
        if (!ids.isEmpty()) {
            fair(api.post(
                    "/availability-groups/" + group + "/workers",
                    new JsonObject().put("worker_ids", new JsonArray(ids))));
        }
    }

    void leave(String worker) {
        idsOf(worker).forEach(id -> fair(api.delete("/availability-groups/" + group + "/workers/" + id)));
    }

    void startBunker(int bunker, int image) {
        fair(api.post(
                "/bunkers", new JsonObject().put("name", "bunker-" + bunker).put("image", image(image))));
    }

    void endBunker(int bunker) {
        rows("/bunkers?limit=500").stream()
                .filter(row -> row.getString("name").equals("bunker-" + bunker))
                .forEach(row -> fair(api.delete("/bunkers/" + row.getString("id"))));
    }

    private List<JsonObject> rows(String path) {
        return api.get(path).list().stream().map(JsonObject.class::cast).toList();
    }
}
