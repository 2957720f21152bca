package io.scaibunker.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Help;

/**
 * The manual, in the language of man(7), made from what {@code --help} says: one page for the program with all its commands.
 */
final class ManPage {
    private static final Pattern MARKUP = Pattern.compile("\u001b\\[[0-9;]*m");

    private ManPage() {}

    static String of(CommandLine program, String version) {
        var text = new StringBuilder();
        text.append(".TH SCAIBUNKER 1 \"\" \"").append(version).append("\" \"ScaiBunker\"\n");
        text.append(".SH NAME\nscaibunker \\- container images become microVMs\n");
        text.append(".SH SYNOPSIS\n.B scaibunker\nCOMMAND [OPTION]...\n");
        text.append(".SH DESCRIPTION\n");
        paragraphs(text, description(program));
        text.append(".SH COMMANDS\n");
        for (var command : all(program)) {
            text.append(".SS \"")
                    .append(escaped(command.getCommandSpec().qualifiedName()))
                    .append("\"\n");
            // As --help has it: two places to tell the same would not stay equal.
            text.append(".nf\n")
                    .append(escaped(plain(command.getUsageMessage(Help.Ansi.OFF))))
                    .append("\n.fi\n");
        }
        text.append(".SH FILES\n.TP\n.I ~/.config/scaibunker/contexts.json\nWhere you are signed in, with the keys.\n");
        text.append(".SH ENVIRONMENT\n");
        for (var variable : List.of(
                "SCAIBUNKER_URL, SCAIBUNKER_KEY: a platform and a key, instead of a context",
                "SCAIBUNKER_CONFIG: another file for contexts",
                "NO_COLOR: no colours")) {
            var colon = variable.indexOf(':');
            text.append(".TP\n.B ").append(variable, 0, colon).append('\n');
            text.append(variable.substring(colon + 2)).append(".\n");
        }
        return text.toString();
    }

    /** Depth first, in the order of {@code --help}; those that only hold others are left to them. */
    private static List<CommandLine> all(CommandLine command) {
        var found = new ArrayList<CommandLine>();
        command.getSubcommands().values().stream().distinct().forEach(one -> {
            if (one.getSubcommands().isEmpty()) {
                found.add(one);
            }
            found.addAll(all(one));
        });
        return found;
    }

    private static String description(CommandLine program) {
        return String.join(" ", program.getCommandSpec().usageMessage().description());
    }

    private static void paragraphs(StringBuilder text, String words) {
        text.append(escaped(words)).append('\n');
    }

    private static String plain(String text) {
        return MARKUP.matcher(text).replaceAll("").stripTrailing();
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\e").replace("-", "\\-").replaceAll("(?m)^([.'])", "\\\\&$1");
    }
}
