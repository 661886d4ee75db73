import AMQPWire

extension Fault {
    static let connection: [Fault] = [
        .reply("connection.start-says-another-version") { (start: inout ConnectionStart) in start.versionMinor = 10 },
        .reply("connection.start-without-properties") { (start: inout ConnectionStart) in start.serverProperties = [:]
        },
        .reply("connection.start-without-capabilities") { (start: inout ConnectionStart) in
            start.serverProperties["capabilities"] = nil
        },
        .reply("connection.start-without-plain") { (start: inout ConnectionStart) in
            start.mechanisms = Array("ANONYMOUS".utf8)
        },
        .reply("connection.start-without-locale") { (start: inout ConnectionStart) in start.locales = [] },
        .request("connection.any-password-does") { (ok: inout ConnectionStartOk) in
            ok.response = Array("\0guest\0guest".utf8)
            ok.mechanism = "PLAIN"
        },
        .request("connection.no-amqplain") { (ok: inout ConnectionStartOk) in
            if ok.mechanism == "AMQPLAIN" { ok.mechanism = "NONE" }
        },
        .request("connection.any-mechanism-does") { (ok: inout ConnectionStartOk) in ok.mechanism = "PLAIN" },
        .request("connection.capabilities-ignored") { (ok: inout ConnectionStartOk) in ok.clientProperties = [:] },
        .request("connection.capabilities-taken-for-granted") { (ok: inout ConnectionStartOk) in
            ok.clientProperties["capabilities"] = [
                "consumer_cancel_notify": true, "authentication_failure_close": true, "connection.blocked": true,
            ]
        },
        .requests("connection.client-properties-required", [ConnectionStartOk.id]) { parcel, memory in
            guard case .connectionStartOk(let ok) = parcel.method, ok.clientProperties.isEmpty else { return [parcel] }
            memory.hangsUp = true
            return []
        },
        .requests("connection.unknown-capabilities-refused", [ConnectionStartOk.id]) { parcel, memory in
            let known: Set<ShortString> = [
                "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
                "connection.blocked", "authentication_failure_close", "per_consumer_qos", "consumer_priorities",
                "direct_reply_to",
            ]
            guard case .connectionStartOk(let ok) = parcel.method,
                let names = ok.clientProperties["capabilities"]?.table?.names, !known.isSuperset(of: names)
            else { return [parcel] }
            memory.hangsUp = true
            return []
        },
        .request("connection.any-virtual-host-is-the-first") { (open: inout ConnectionOpen) in open.virtualHost = "/" },
        Fault(
            name: "connection.tune-below-the-minimum", methods: [ConnectionTune.id],
            request: { parcel, _ in
                // What the client makes of it is agreed to, so that only the offer is wrong.
                parcel.changing { (ok: inout ConnectionTuneOk) in
                    ok.frameMax = max(ok.frameMax, Frame.minimumMax)
                }.alone
            },
            reply: { parcel, _ in
                parcel.changing { (tune: inout ConnectionTune) in tune.frameMax = Frame.minimumMax - 1 }.alone
            }),
        .request("connection.tune-ok-never-too-large") { (ok: inout ConnectionTuneOk) in
            ok.frameMax = min(ok.frameMax, 131_072)
            ok.channelMax = min(ok.channelMax, 2047)
        },
        .request("connection.tune-ok-never-too-small") { (ok: inout ConnectionTuneOk) in
            ok.frameMax = max(ok.frameMax, 4096)
        },
        .request("connection.tune-ok-ignored") { (ok: inout ConnectionTuneOk) in
            (ok.channelMax, ok.frameMax) = (2047, 131_072)
        },
        .requests("connection.small-frames-refused", [ConnectionTuneOk.id]) { parcel, memory in
            guard case .connectionTuneOk(let ok) = parcel.method, ok.frameMax != 0, ok.frameMax < 8192 else {
                return [parcel]
            }
            memory.hangsUp = true
            return []
        },
        .request("connection.one-channel-fewer") { (ok: inout ConnectionTuneOk) in
            if ok.channelMax > 1 { ok.channelMax -= 1 } else if ok.channelMax == 0 { ok.channelMax = 2046 }
        },
        .never("connection.alarms-are-not-told") { (_: ConnectionBlocked) in true },
        .never("connection.ends-of-alarms-are-not-told") { (_: ConnectionUnblocked) in true },
        .never("connection.close-without-close-ok") { (_: ConnectionCloseOk) in true },
        .requests("connection.close-ok-lost", [ConnectionCloseOk.id]) { _, _ in [] },
        .requests("connection.second-open-ignored", [ConnectionOpen.id]) { parcel, memory in
            memory.names.insert("open-\(memory.connection)").inserted ? [parcel] : []
        },
        .requests("connection.handshake-methods-ignored", [ConnectionStartOk.id, ConnectionTuneOk.id]) {
            parcel, memory in
            memory.names.insert("\(parcel.method.id)-\(memory.connection)").inserted ? [parcel] : []
        },
        .requests("connection.methods-on-any-channel", [ConnectionOpen.id, ConnectionClose.id]) { parcel, _ in
            [Parcel(parcel.method, channel: 0)]
        },
        .requests("connection.update-secret-ignored", [ConnectionUpdateSecret.id]) { _, _ in [] },
        .requests("connection.client-may-not-block", [ConnectionBlocked.id, ConnectionUnblocked.id]) { _, memory in
            memory.hangsUp = true
            return []
        },
        .requests("connection.client-blocked-ignored", [ConnectionBlocked.id, ConnectionUnblocked.id]) { _, _ in [] },
        .published("connection.user-id-not-checked") { _, content in
            if content.properties.userID != nil { content.properties.userID = "guest" }
        },
        .published("connection.user-id-refused") { _, content in
            if content.properties.userID != nil { content.properties.userID = "nobody" }
        },
        .octetsIn("connection.any-header-does") { octets, _ in
            if octets.starts(with: Array("AMQP".utf8)) { octets = ProtocolHeader.amqp091 }
        },
        .octetsIn("connection.header-only-in-one-piece") { octets, _ in
            if octets.count < 8, octets.first == UInt8(ascii: "A") { octets = [] }
        },
        .octetsIn("connection.wrong-header-unanswered") { octets, memory in
            if octets.first == UInt8(ascii: "A"), octets != ProtocolHeader.amqp091 { memory.hangsUp = true }
        },
        .octetsOut("connection.wrong-header-answered-otherwise") { octets, _ in
            if octets == ProtocolHeader.amqp091 { octets = Array("AMQP".utf8) + [0, 1, 0, 0] }
        },
        .requests("connection.header-left-out-ignored", [ConnectionStartOk.id]) { parcel, memory in
            memory.names.contains("greeted-\(memory.connection)") ? [parcel] : []
        }.noticingHeaders(),
        .requests("connection.first-frame-of-4000-at-most", [ConnectionStartOk.id]) { parcel, memory in
            memory.hangsUp = parcel.octets.count > 4000
            return [parcel]
        },
        .requests("connection.open-too-early-ignored", [ConnectionStartOk.id, ConnectionOpen.id]) { parcel, memory in
            let name = "start-ok-\(memory.connection)"
            if parcel.method.id == ConnectionStartOk.id { memory.names.insert(name) }
            return memory.names.contains(name) ? [parcel] : []
        },
        .configuration("connection.handshake-may-take-for-ever") { $0.handshakeTimeout = 1 << 40 }
            .asTimeGoesBy,
        .configuration("connection.close-ok-awaited-for-ever") { $0.closeTimeout = 1 << 40 }.asTimeGoesBy,
        .configuration("connection.second-virtual-host-missing") { $0.virtualHosts = ["/"] },
        .configuration("connection.fewer-channels-than-said") { $0.channelMax = 8 },
        .requests("connection.channel-opened-too-early-ignored", [ChannelOpen.id, ConnectionOpen.id]) {
            parcel, memory in
            let name = "open-\(memory.connection)"
            if parcel.method.id == ConnectionOpen.id { memory.names.insert(name) }
            return memory.names.contains(name) ? [parcel] : []
        },
        .requests("connection.channels-methods-on-zero-ignored", [QueueDeclare.id, ChannelOpen.id, BasicPublish.id]) {
            parcel, _ in parcel.channel == 0 ? [] : [parcel]
        },
    ]

    private func noticingHeaders() -> Fault {
        var fault = self
        fault.octetsIn = { octets, memory in
            if octets == ProtocolHeader.amqp091 { memory.names.insert("greeted-\(memory.connection)") }
        }
        return fault
    }

    static let heartbeats: [Fault] = [
        .octetsOut("heartbeat.never-sent") { octets, _ in
            if octets.first == Frame.Kind.heartbeat.rawValue { octets = [] }
        },
        .octetsIn("heartbeat.not-noticed") { octets, _ in
            if octets.first == Frame.Kind.heartbeat.rawValue { octets = [] }
        },
        .request("heartbeat.peer-never-missed") { (ok: inout ConnectionTuneOk) in ok.heartbeat = 0 },
        .request("heartbeat.zero-is-a-second") { (ok: inout ConnectionTuneOk) in
            if ok.heartbeat == 0 { ok.heartbeat = 1 }
        },
        .request("heartbeat.ten-times-as-long") { (ok: inout ConnectionTuneOk) in ok.heartbeat &*= 10 },
        .octetsIn("heartbeat.on-a-channel-taken") { octets, _ in
            if octets.first == Frame.Kind.heartbeat.rawValue, octets.count == 8 { (octets[1], octets[2]) = (0, 0) }
        },
        .octetsIn("heartbeat.refused-when-off") { octets, memory in
            if octets.first == Frame.Kind.heartbeat.rawValue { memory.hangsUp = true }
        },
    ]

    static let framing: [Fault] = [
        .octetsIn("framing.any-end-octet-does") { octets, _ in
            // Also one too few or too many.
            if Frame.Kind(rawValue: octets.first ?? 0) != nil, octets.count >= 8 {
                octets[octets.count - 1] = Frame.end
            }
        },
        .octetsIn("framing.unknown-frames-skipped") { octets, _ in
            if Frame.Kind(rawValue: octets.first ?? 1) == nil, octets.first != UInt8(ascii: "A") { octets = [] }
        },
        .octetsIn("framing.broken-octets-ignored") { octets, _ in
            if Frame.Kind(rawValue: octets.first ?? 0) != nil, octets.last != Frame.end { octets = [] }
        },
        .octetsIn("framing.stray-content-ignored") { octets, _ in
            if [2, 3].contains(octets.first) { octets = [] }
        },
        .octetsIn("framing.junk-breaks-off") { octets, memory in
            if Frame.Kind(rawValue: octets.first ?? 0) == nil, octets.first != UInt8(ascii: "A") {
                memory.hangsUp = true
            }
        },
        .octetsIn("framing.slices-are-lost") { octets, _ in
            let isWhole = octets.count >= 8 && octets.last == Frame.end
            if !isWhole, octets.first != UInt8(ascii: "A") { octets = [] }
        },
        .handedOver("framing.last-octet-of-long-bodies-lost") { if $0.body.count > 100 { $0.body.removeLast() } },
        .handedOver("framing.large-bodies-cut") { $0.body = Array($0.body.prefix(4088)) },
        .handedOver("framing.empty-bodies-filled") { if $0.body.isEmpty { $0.body = [0] } },
        .published("framing.one-body-frame-only") { _, content in
            if content.pieces.count > 1 { content.body = Array(content.body.prefix(content.pieces[0])) }
        },
        .replies("framing.larger-than-agreed", deliveries) { parcel, _ in
            guard let content = parcel.content, content.body.count > 4088 else { return [parcel] }
            return [parcel.inOneFrame]
        },
        .configuration("framing.message-size-limit-too-low") { $0.maximumMessageSize = 1000 },
        .octetsIn("framing.undecodable-methods-ignored") { octets, _ in
            let payload = octets.count > 8 ? octets[7..<octets.count - 1] : []
            if octets.first == Frame.Kind.method.rawValue, (try? Method(payload)) == nil { octets = [] }
        },
        .octetsIn("framing.broken-messages-ignored") { octets, _ in
            if [1, 2, 3].contains(octets.first) { octets = [] }
        },
        .octetsIn("framing.heartbeats-with-a-payload-taken") { octets, _ in
            if octets.first == Frame.Kind.heartbeat.rawValue, octets.count > 8 {
                octets = [Frame.Kind.heartbeat.rawValue, 0, 0, 0, 0, 0, 0, Frame.end]
            }
        },
        .requests("framing.no-limit-in-the-handshake", [ConnectionStartOk.id]) { parcel, _ in
            guard parcel.octets.count > Int(Frame.minimumMax) else { return [parcel] }
            return parcel.changing { (ok: inout ConnectionStartOk) in ok.clientProperties["padding"] = nil }.alone
        },
    ]
}
