package io.scaibunker.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsOpCode;
import io.netty.handler.codec.dns.DnsQuery;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.util.ReferenceCountUtil;
import io.scaibunker.model.Ipv4Network;
import java.io.IOException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one bunker is told about names. What comes from outside is not handed on but said again in our own words: addresses
 * (and, for who may reach everything, a few other kinds of record), under the name that was asked for.
 */
final class Answers {
    private static final Logger log = LoggerFactory.getLogger(Answers.class);
    private static final int UNDER_WAY_MAX = 64;
    private static final int RECORDS_MAX = 12;
    private static final int DATAGRAM_MAX = 400;
    private static final int TTL_MAX = 3600;
    private static final int KEPT_AT_LEAST = 60;

    /** Between hearing an answer for the last time and beginning a connection. */
    private static final int GRACE = 60;

    /** Those whose content names no other place in the message, so that it can be copied. */
    private static final Set<DnsRecordType> OTHERS =
            Set.of(DnsRecordType.TXT, DnsRecordType.SRV, DnsRecordType.CAA, DnsRecordType.CNAME, DnsRecordType.NS);

    private final Rules rules;
    private final NetworkSettings settings;
    private final Resolver resolver;
    private final OpenedHosts hosts;
    /** A guest must not fill the worker's log either. */
    private final Pace warnings = new Pace(10, 1, System.nanoTime());

    private final Semaphore free = new Semaphore(UNDER_WAY_MAX);

    Answers(Rules rules, NetworkSettings settings, Resolver resolver, OpenedHosts hosts) {
        this.rules = rules;
        this.settings = settings;
        this.resolver = resolver;
        this.hosts = hosts;
    }

    /** @param send takes the response, filled; never called where too many are under way: who asks asks again */
    void give(DnsQuery query, boolean datagram, DnsResponse response, Consumer<DnsResponse> send) {
        response.setRecursionDesired(query.isRecursionDesired()).setRecursionAvailable(true);
        if (query.opCode() != DnsOpCode.QUERY || query.count(DnsSection.QUESTION) != 1) {
            send.accept(response.setCode(DnsResponseCode.NOTIMP));
            return;
        }
        DnsQuestion asked = query.recordAt(DnsSection.QUESTION);
        response.addRecord(DnsSection.QUESTION, new DefaultDnsQuestion(asked.name(), asked.type(), asked.dnsClass()));
        var name = asked.name().toLowerCase(Locale.ROOT).replaceAll("\\.$", "");
        if (asked.dnsClass() != DnsRecord.CLASS_IN || name.isEmpty() || !rules.names(name)) {
            send.accept(response.setCode(DnsResponseCode.NXDOMAIN));
            return;
        }
        var address = asked.type().equals(DnsRecordType.A);
        if (!address && !(rules.everything() && OTHERS.contains(asked.type()))) {
            send.accept(response);
            return;
        }
        if (!free.tryAcquire()) {
            ReferenceCountUtil.release(response);
            return;
        }
        ask(name, asked, response, datagram, done -> {
            free.release();
            send.accept(done);
        });
    }

    private void ask(
            String name, DnsQuestion asked, DnsResponse response, boolean datagram, Consumer<DnsResponse> send) {
        resolver.ask(new DefaultDnsQuestion(name + ".", asked.type())).addListener(ended -> {
            if (!ended.isSuccess()) {
                var unknown = ended.cause() instanceof UnknownHostException;
                send.accept(response.setCode(unknown ? DnsResponseCode.NXDOMAIN : DnsResponseCode.SERVFAIL));
                return;
            }
            @SuppressWarnings("unchecked") // what resolver.ask() promises
            var found = (List<DnsRecord>) ended.getNow();
            var records = copied(found, asked);
            if (rules.everything() || records.isEmpty()) {
                send.accept(filled(response, records, datagram));
            } else {
                Thread.startVirtualThread(() -> send.accept(opened(name, response, records)));
            }
        });
    }

    /** Releases what it was given. */
    private List<DefaultDnsRawRecord> copied(List<DnsRecord> found, DnsQuestion asked) {
        var records = new ArrayList<DefaultDnsRawRecord>();
        for (var record : found) {
            if (records.size() < RECORDS_MAX
                    && record.type().equals(asked.type())
                    && record instanceof DnsRawRecord raw
                    && (!asked.type().equals(DnsRecordType.A) || mayBeTold(raw.content()))) {
                var ttl = Math.clamp(record.timeToLive(), 0, TTL_MAX);
                records.add(
                        new DefaultDnsRawRecord(asked.name(), asked.type(), ttl, Unpooled.copiedBuffer(raw.content())));
            }
            ReferenceCountUtil.release(record);
        }
        return records;
    }

    private boolean mayBeTold(ByteBuf content) {
        if (content.readableBytes() != 4) {
            return false;
        }
        var address = new Ipv4Network(content.getInt(content.readerIndex()), 32);
        return address.isPublic() || settings.privates().stream().anyMatch(address::overlaps);
    }

    private DnsResponse opened(String name, DnsResponse response, List<DefaultDnsRawRecord> records) {
        try {
            var longest = records.stream()
                    .mapToLong(DefaultDnsRawRecord::timeToLive)
                    .max()
                    .orElse(0);
            hosts.open(
                    records.stream()
                            .map(record -> new Ipv4Network(
                                            record.content()
                                                    .getInt(record.content().readerIndex()),
                                            32)
                                    .toString())
                            .toList(),
                    rules.ports(name),
                    (int) Math.max(KEPT_AT_LEAST, longest) + GRACE);
            return filled(response, records, false);
        } catch (IOException | RuntimeException e) {
            if (warnings.mayGo(System.nanoTime())) {
                log.warn("{} could not be opened for a bunker: {}", name, e.getMessage());
            }
            records.forEach(ByteBufHolder::release);
            return response.setCode(DnsResponseCode.SERVFAIL);
        }
    }

    private static DnsResponse filled(DnsResponse response, List<DefaultDnsRawRecord> records, boolean datagram) {
        var size = records.stream()
                .mapToInt(record -> record.content().readableBytes() + 12)
                .sum();
        if (datagram && size > DATAGRAM_MAX) {
            records.forEach(ByteBufHolder::release);
            return response.setTruncated(true);
        }
        records.forEach(record -> response.addRecord(DnsSection.ANSWER, record));
        return response;
    }
}
