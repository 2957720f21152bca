package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/** From what a person types to what the API wants: an id stays, a name is looked up. */
final class Names {
    private static final int TOLD_MAX = 10;
    /** In the order of a bunker's life, so that none slips through on its way; those that have ended may be very many. */
    private static final List<String> LIVING = List.of("pending", "provisioning", "running", "paused", "terminating");

    private final Api api;

    Names(Api api) {
        this.api = api;
    }

    String worker(String text) throws IOException {
        return isId(text, "wrk") ? text : one("worker", text, api.all(Call.get("workers")));
    }

    String group(String text) throws IOException {
        return isId(text, "grp") ? text : one("group", text, api.all(Call.get("availability-groups")));
    }

    String image(String text) throws IOException {
        return isId(text, "img")
                ? text
                : api.data(Call.get("images", text)).path("id").asText();
    }

    /** Of bunkers that have one name, one that lives. */
    String bunker(String text) throws IOException {
        if (isId(text, "bnk")) {
            return text;
        }
        // By id: one may go from a state to the next between two questions.
        var living = new LinkedHashMap<String, JsonNode>();
        for (var status : LIVING) {
            for (var bunker : api.all(Call.get("bunkers").with("status", status))) {
                living.put(bunker.path("id").asText(), bunker);
            }
        }
        return one("living bunker", text, Api.JSON.createArrayNode().addAll(living.values()));
    }

    List<String> images(List<String> texts) throws IOException {
        var ids = new ArrayList<String>();
        for (var text : texts) {
            ids.add(image(text));
        }
        return ids;
    }

    List<String> workers(List<String> texts) throws IOException {
        var ids = new ArrayList<String>();
        for (var text : texts) {
            ids.add(worker(text));
        }
        return ids;
    }

    private static boolean isId(String text, String kind) {
        return text.matches(kind + "_[0-9a-f]{32}");
    }

    static String one(String kind, String name, JsonNode all) {
        var ids = new ArrayList<String>();
        var names = new ArrayList<String>();
        for (var thing : all) {
            names.add(Text.of(thing.path("name")));
            if (thing.path("name").asText().equals(name)) {
                ids.add(thing.path("id").asText());
            }
        }
        if (ids.size() == 1) {
            return ids.getFirst();
        }
        if (ids.size() > 1) {
            throw new UsageException("'" + name + "' names " + ids.size() + " " + kind + "s; use an id: "
                    + String.join(", ", ids.subList(0, Math.min(ids.size(), TOLD_MAX))));
        }
        throw new MissingThing("there is no " + kind + " '" + Text.plain(name) + "'"
                + (names.isEmpty()
                        ? "; there are none at all"
                        : "; there are: " + String.join(", ", names.subList(0, Math.min(names.size(), TOLD_MAX)))
                                + (names.size() > TOLD_MAX ? ", …" : "")));
    }

    /** Nothing has this name. */
    static final class MissingThing extends RuntimeException {
        private static final long serialVersionUID = 1L;

        MissingThing(String message) {
            super(message);
        }
    }
}
