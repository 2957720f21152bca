package io.scaibunker.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker events}: for scripts, and for whoever wants to know everything. */
@Command(
        name = "events",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Tells what happens to an image or a bunker, live, a line each, until Ctrl-C. The whole events with -o json,",
            "a line each, and with -o yaml, a document each; they have no names for -o name."
        },
        footer = {
            "",
            "Examples:",
            "  scaibunker events debian",
            "  scaibunker events --bunker box -o json | jq -r 'select(.event==\"bunker\").data.status'"
        })
final class EventsCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "An image; with --bunker, a bunker.")
    private String name = "";

    @Option(names = "--bunker", description = "It is a bunker's name; ids tell by themselves.")
    private boolean isBunker;

    @Mixin
    private Patience patience = new Patience();

    @Mixin
    private Remote remote = new Remote();

    @Mixin
    private Output output = new Output();

    private final Terminal terminal;

    EventsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException, TimeoutException {
        if (output.isName()) {
            throw new UsageException("events have no names; -o json and -o yaml tell them whole");
        }
        var api = remote.api(terminal);
        var call = isBunker || name.startsWith("bnk_")
                ? Call.get("bunkers", new Names(api).bunker(name), "events")
                : Call.get("images", name, "events");
        new EventStream(
                        api,
                        call,
                        patience.longest(),
                        () -> terminal.err().println("the connection was lost; going on from where it was"))
                .follow(event -> {
                    tell(event);
                    // Nobody reads any more.
                    return terminal.out().checkError();
                });
        return ExitCode.DONE.number();
    }

    private void tell(EventStream.Event event) throws IOException {
        if (!output.isForPeople()) {
            var whole = Api.JSON.createObjectNode();
            whole.put("id", event.id()).put("event", event.kind());
            whole.set("data", event.data());
            output.printNext(terminal, whole);
            return;
        }
        var data = event.data();
        var what = switch (event.kind()) {
            case "bunker" ->
                "bunker " + Text.of(data.path("status"))
                        + (data.path("failure").isObject() ? " " + Text.of(data.at("/failure/code")) : "");
            case "snapshot" ->
                data.has("bunker")
                        ? "bunker " + Text.of(data.at("/bunker/status"))
                        : "image " + Text.of(data.at("/image/status")) + " with "
                                + data.path("rows").size() + " copies";
            case "progress" ->
                Text.of(data.path("worker_id")) + " " + data.path("percent").asInt() + " %";
            case "end" -> "end " + Text.of(data.path("code")) + " " + Text.of(data.path("message"));
            default -> ImageBoard.log(event);
        };
        terminal.out().println(Text.of(data.path("at")) + "  " + what);
    }
}
