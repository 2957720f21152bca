package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeoutException;

/** Follows an image until its copies are where they should be; {@code image watch}, and {@code --wait}. */
final class ImageWatch {
    private static final int HEIGHT_DEFAULT = 24;
    private static final String CLEAR_TO_END = "\u001b[J";

    /** When it is over. */
    enum Until {
        /** A bunker can be started. */
        USABLE,
        /** All targeted copies are ready. */
        COMPLETE,
        /** Somebody ends it. */
        NEVER
    }

    private final Terminal terminal;
    private final Api api;
    private final String image;
    private final Until until;
    private final ImageBoard board = new ImageBoard();
    private int drawn;

    ImageWatch(Terminal terminal, Api api, String image, Until until) {
        this.terminal = terminal;
        this.api = api;
        this.image = image;
        this.until = until;
    }

    /** @return whether it ended well */
    boolean run(Patience patience) throws IOException, TimeoutException {
        var well = new boolean[] {true};
        new EventStream(api, Call.get("images", image, "events"), patience.longest(), this::tellLoss).follow(event -> {
            if (event.kind().equals("end")) {
                throw ApiException.answered(
                        401,
                        Text.of(event.data().path("code")),
                        Text.of(event.data().path("message")),
                        List.of(),
                        0,
                        "");
            }
            board.hear(event);
            show(event);
            if (event.kind().equals("progress") || event.data().path("more").asBoolean()) {
                return false;
            }
            if (until != Until.NEVER && !board.isActive()) {
                well[0] = false;
                return true;
            }
            return isOver(well);
        });
        if (!well[0]) {
            board.failures().forEach(terminal.err()::println);
        }
        return well[0];
    }

    /** The events tell when to look; what counts as complete the platform says, who knows which workers are lost. */
    private boolean isOver(boolean[] well) throws IOException {
        if (until == Until.NEVER || board.count("ready") + board.count("failed") == 0 && board.isMoving()) {
            return false;
        }
        var readiness = api.data(Call.get("images", image)).path("readiness");
        var isUsable = readiness.path("ready").asInt() > 0;
        var isComplete =
                readiness.path("ready").asInt() >= readiness.path("targeted").asInt();
        if (until == Until.USABLE ? isUsable : isComplete) {
            return true;
        }
        well[0] = board.isMoving();
        return !board.isMoving();
    }

    private void tellLoss() {
        drawn = 0;
        terminal.err().println("the connection was lost; going on from where it was");
    }

    private void show(EventStream.Event event) {
        if (terminal.live()) {
            redraw();
        } else if (event.kind().equals("snapshot") && !event.data().path("more").asBoolean()) {
            board.lines(Integer.MAX_VALUE, Style.PLAIN).forEach(terminal.err()::println);
        } else {
            var line = ImageBoard.log(event);
            if (!line.isEmpty()) {
                terminal.err().println(line);
            }
        }
    }

    private void redraw() {
        var lines = board.lines(height(), Style.of(true, terminal.environment()));
        var text = new StringBuilder();
        if (drawn > 0) {
            text.append("\u001b[").append(drawn).append('F');
        }
        text.append(CLEAR_TO_END);
        lines.forEach(line -> text.append(line).append('\n'));
        terminal.err().print(text);
        terminal.err().flush();
        drawn = lines.size();
    }

    /** As the launcher found it; a terminal that is made smaller meanwhile scrolls. */
    private int height() {
        var told = terminal.environment().getOrDefault("LINES", "");
        return told.matches("[0-9]{1,4}") ? Integer.parseInt(told) : HEIGHT_DEFAULT;
    }

    /** For who wants the outcome, and not the road to it. */
    JsonNode outcome() throws IOException {
        return api.data(Call.get("images", image));
    }
}
