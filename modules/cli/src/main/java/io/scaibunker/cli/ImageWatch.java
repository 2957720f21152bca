package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** Follows an image until its copies are where they should be; {@code image watch}, and {@code --wait}. */
final class ImageWatch implements EventStream.Listener {
    /** A large fleet tells a lot in a short time; eyes and the platform need less of it. */
    private static final Duration BETWEEN_DRAWINGS = Duration.ofMillis(100);

    private static final Duration BETWEEN_QUESTIONS = Duration.ofSeconds(1);
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
    private final Pace drawings = new Pace(BETWEEN_DRAWINGS, System::nanoTime);
    private final Pace questions = new Pace(BETWEEN_QUESTIONS, System::nanoTime);
    private int drawn;
    /** What was heard is not drawn yet. */
    private boolean stale;
    /** What was heard may have been the last that was missing. */
    private boolean open;

    private boolean well = true;

    ImageWatch(Terminal terminal, Api api, String image, Until until) {
        this.terminal = terminal;
        this.api = api;
        this.image = image;
        this.until = until;
    }

    /** @return whether it ended well */
    boolean run(Patience patience) throws IOException, TimeoutException {
        new EventStream(api, Call.get("images", image, "events"), patience.longest(), this::tellLoss).follow(this);
        draw();
        if (!well) {
            board.failures().forEach(terminal.err()::println);
        }
        return well;
    }

    @Override
    public boolean hear(EventStream.Event event) throws IOException {
        board.hear(event);
        show(event);
        open |= switch (event.kind()) {
            case "progress", "end" -> false;
            default -> !event.data().path("more").asBoolean();
        };
        return rest();
    }

    /** What was put off because it came too soon after the last. */
    @Override
    public boolean rest() throws IOException {
        if (stale && drawings.isDue()) {
            draw();
        }
        if (!open || until == Until.NEVER) {
            return false;
        }
        if (!board.isActive()) {
            well = false;
            return true;
        }
        if (board.count("ready") + board.count("failed") == 0 && board.isMoving()) {
            open = false;
            return false;
        }
        if (!questions.isDue()) {
            return false;
        }
        open = false;
        return isOver();
    }

    /** The events tell when to look; what counts as complete the platform says, who knows which workers are lost. */
    private boolean isOver() throws IOException {
        var readiness = api.data(Call.get("images", image)).path("readiness");
        var isUsable = readiness.path("ready").asInt() > 0;
        var isComplete =
                readiness.path("ready").asInt() >= readiness.path("targeted").asInt();
        if (until == Until.USABLE ? isUsable : isComplete) {
            return true;
        }
        well = board.isMoving();
        return !board.isMoving();
    }

    private void tellLoss() {
        drawn = 0;
        terminal.err().println("the connection was lost; going on from where it was");
    }

    private void show(EventStream.Event event) {
        if (terminal.live()) {
            stale = true;
        } else if (event.kind().equals("snapshot") && !event.data().path("more").asBoolean()) {
            board.lines(Integer.MAX_VALUE, Integer.MAX_VALUE, Style.PLAIN).forEach(terminal.err()::println);
        } else {
            var line = ImageBoard.log(event);
            if (!line.isEmpty()) {
                terminal.err().println(line);
            }
        }
    }

    private void draw() {
        if (!stale) {
            return;
        }
        stale = false;
        var lines = board.lines(terminal.lines(), terminal.columns(), Style.of(true, terminal.environment()));
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

    /** For who wants the outcome, and not the road to it. */
    JsonNode outcome() throws IOException {
        return api.data(Call.get("images", image));
    }
}
