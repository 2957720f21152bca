package io.scaibunker.node;

import io.scaibunker.api.ApiConfig;
import io.scaibunker.fanout.FanoutConfig;
import io.scaibunker.model.Settings;
import io.scaibunker.model.SettingsException;
import io.scaibunker.scanner.ScannerConfig;
import io.scaibunker.scheduler.SchedulerConfig;
import io.scaibunker.store.StoreConfig;
import io.scaibunker.worker.WorkerConfig;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Everything this process was told, each part in the record of the room that owns it. All parts are read whichever rooms
 * run here: one file serves a whole fleet, and a typing error in it is found by the first node that starts.
 */
record Configuration(
        NodeConfig node,
        LogConfig log,
        TelemetryConfig telemetry,
        ClusterConfig cluster,
        PostgresConfig postgres,
        StoreConfig store,
        FanoutConfig fanout,
        SchedulerConfig scheduler,
        ScannerConfig scanner,
        WorkerConfig worker,
        ApiConfig api) {

    /**
     * @param file the properties file, if any
     * @param overrides {@code key=value}, each stronger than the file
     * @param home what relative paths are relative to
     * @throws SettingsException with every problem there is
     */
    static Configuration read(Optional<Path> file, List<String> overrides, Map<String, String> environment, Path home) {
        var values = new HashMap<String, String>();
        file.ifPresent(path -> values.putAll(load(path)));
        for (var override : overrides) {
            int equals = override.indexOf('=');
            if (equals < 1) {
                throw new SettingsException(List.of("--set " + override + ": expected key=value"));
            }
            values.put(override.substring(0, equals).strip(), override.substring(equals + 1));
        }
        return from(Settings.of(values, environment, home));
    }

    static Configuration from(Settings settings) {
        var configuration = new Configuration(
                NodeConfig.from(settings),
                LogConfig.from(settings),
                TelemetryConfig.from(settings),
                ClusterConfig.from(settings),
                PostgresConfig.from(settings),
                StoreConfig.from(settings),
                FanoutConfig.from(settings),
                SchedulerConfig.from(settings),
                ScannerConfig.from(settings),
                WorkerConfig.from(settings),
                ApiConfig.from(settings));
        if (configuration.node().isPartOfAFleet()
                && configuration.cluster().joinToken().isEmpty()) {
            settings.problem("cluster.join-token", "must be set, as node.rooms has only one of api and worker");
        }
        settings.check();
        return configuration;
    }

    private static Map<String, String> load(Path file) {
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (MalformedInputException | IllegalArgumentException e) {
            throw new SettingsException(List.of(file + ": not a properties file in UTF-8: " + e.getMessage()));
        } catch (IOException e) {
            throw new SettingsException(List.of(file + ": cannot be read: " + e));
        }
        var values = new HashMap<String, String>();
        properties.stringPropertyNames().forEach(key -> values.put(key, properties.getProperty(key)));
        return values;
    }
}
