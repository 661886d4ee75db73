import AMQPWire

/// Handshake, limits, heartbeats and the end of a connection.
extension ClientRule {
    static let connection: [ClientRule] = handshake + limits + heartbeats + ends

    private static let handshake: [ClientRule] = [
        ClientRule("spec/4.2.2/header-first", .anything) { moment in
            guard !moment.session.hasHeader, moment.session.lastFromClient == nil else { return nil }
            if case .ended = moment.event { return nil }
            if case .header = moment.event { return .exercised }
            return .broken("the first bytes are not a protocol header")
        },
        ClientRule("spec/4.2.2/version-probe", .header) { isForeign($0) ? .exercised : nil },
        ClientRule("spec/4.2.2/reject-header", .header) { isForeign($0) ? .exercised : nil },
        ClientRule("connection.start/protocol-name", .header) { isForeign($0) ? .exercised : nil },
        sends("connection.start-ok.client-properties/required-fields", ConnectionStartOk.self) { ok, _ in
            let wanted: [ShortString] = ["product", "version", "platform", "copyright", "information"]
            let missing = wanted.filter { ok.clientProperties[$0] == nil }
            return .unless(missing.isEmpty, "the client's properties lack \(enumeration(missing.map(\.text)))")
        },
        sends("connection.start-ok.mechanism/validity", ConnectionStartOk.self) { ok, moment in
            guard let start = moment.session.start else { return nil }
            let offered = String(decoding: start.mechanisms, as: UTF8.self)
            return .unless(
                offered.split(separator: " ").contains { $0 == ok.mechanism.text },
                "\(ok.mechanism) was not offered: \(offered)")
        },
        ClientRule("rabbitmq/protocol-header/0-9", .header) { moment in
            guard case .header(let octets) = moment.event else { return nil }
            return octets == Array("AMQP".utf8) + [1, 1, 0, 9] ? .exercised : nil
        },
        exercised("rabbitmq/connection.start-ok/any-locale", by: ConnectionStartOk.self) { ok, moment in
            guard let start = moment.session.start else { return false }
            return !String(decoding: start.locales, as: UTF8.self).split(separator: " ").contains {
                $0 == ok.locale.text
            }
        },
        sends("rabbitmq/plain/form", ConnectionStartOk.self) { ok, _ in
            guard ok.mechanism == "PLAIN" else { return nil }
            let zeros = ok.response.count { $0 == 0 }
            return .unless(
                zeros == 2 && ok.response.first == 0, "PLAIN's response is not a zero, a name, a zero, a password")
        },
        exercised("rabbitmq/anonymous/guest", by: ConnectionStartOk.self) { ok, _ in ok.mechanism == "ANONYMOUS" },
        exercised("rabbitmq/capabilities/client-opt-in", by: ConnectionStartOk.self) { ok, _ in
            ok.clientProperties["capabilities"] != nil
        },
        exercised("rabbitmq/capabilities/ignored-unknown", by: ConnectionStartOk.self) { ok, _ in
            let known: Set<ShortString> = [
                "product", "version", "platform", "copyright", "information", "capabilities", "connection_name",
            ]
            return !Set(ok.clientProperties.names).isSubset(of: known)
        },
        exercised("rabbitmq/auth-failure-close/opted-in", by: ConnectionStartOk.self) { ok, _ in
            ok.clientProperties["capabilities"]?.table?["authentication_failure_close"]?.bool == true
        },
        exercised("rabbitmq/connection.blocked/opt-in", by: ConnectionStartOk.self) { ok, _ in
            ok.clientProperties["capabilities"]?.table?["connection.blocked"]?.bool != true
        },
        exercised("rabbitmq/connection.blocked/notified", whenReceiving: ConnectionBlocked.self),
        exercised("rabbitmq/connection.blocked/unblocked", whenReceiving: ConnectionUnblocked.self),
        ClientRule("watch/open-first", .anyMethod) { moment in
            guard !moment.session.isOpen, case .method(let method, _, _) = moment.event else { return nil }
            let handshake = [
                ConnectionStartOk.id, ConnectionSecureOk.id, ConnectionTuneOk.id, ConnectionOpen.id, ConnectionClose.id,
                ConnectionCloseOk.id,
            ]
            return .unless(handshake.contains(method.id), "\(method.id) before the connection was open")
        },
        ClientRule("spec/2.2.4/no-handshake-before-open", .sent(ConnectionClose.id)) {
            $0.session.isOpen ? nil : .broken("connection.close before connection.open-ok")
        },
        exercised("spec/2.2.4/no-handshake-before-open", by: ConnectionOpen.self),
        sends("spec/3.1.2/one-vhost", ConnectionOpen.self) { open, moment in
            .unless(!moment.session.hasAskedToOpen, "a second connection.open, of \(open.virtualHost)")
        },
        exercised("connection.open.virtual-host/security", by: ConnectionOpen.self) { open, _ in
            open.virtualHost != "/"
        },
        sends("rabbitmq/connection.update-secret/too-early", ConnectionUpdateSecret.self) { _, moment in
            .unless(moment.session.isOpen, "update-secret before the connection was open")
        },
        exercised("rabbitmq/connection.update-secret/ok", by: ConnectionUpdateSecret.self),
    ]

    private static func smallestFrame(_ id: String) -> ClientRule {
        sends(id, ConnectionTuneOk.self) { ok, _ in
            .unless(ok.frameMax == 0 || ok.frameMax >= Frame.minimumMax, "tune-ok with a frame-max of \(ok.frameMax)")
        }
    }

    private static let limits: [ClientRule] = [
        smallestFrame("connection.tune-ok.frame-max/minimum"), smallestFrame("connection.tune.frame-max/minimum"),
        sends("connection.tune-ok.frame-max/upper-limit", ConnectionTuneOk.self) { ok, moment in
            guard let offered = moment.session.offered?.frameMax, offered > 0 else { return nil }
            return .unless(
                ok.frameMax != 0 && ok.frameMax <= offered, "frame-max \(ok.frameMax), of \(offered) offered")
        },
        sends("connection.tune-ok.channel-max/upper-limit", ConnectionTuneOk.self) { ok, moment in
            guard let offered = moment.session.offered?.channelMax, offered > 0 else { return nil }
            return .unless(
                ok.channelMax != 0 && ok.channelMax <= offered, "channel-max \(ok.channelMax), of \(offered) offered")
        },
        exercised("spec/2.3.3/client-may-lower", by: ConnectionTuneOk.self) { ok, moment in
            guard let offered = moment.session.offered else { return false }
            return isLower(Int(ok.frameMax), Int(offered.frameMax))
                || isLower(Int(ok.channelMax), Int(offered.channelMax))
        },
        ClientRule("spec/2.3.3/limits-enforced", .frame) { moment in
            guard case .frame(_, let channel, let size) = moment.event, let agreed = moment.session.agreed else {
                return nil
            }
            if agreed.frameMax > 0, size > agreed.frameMax {
                return .broken("a frame of \(size) bytes; agreed is a frame-max of \(agreed.frameMax)")
            }
            return .unless(
                agreed.channelMax == 0 || channel <= agreed.channelMax,
                "channel \(channel); agreed is a channel-max of \(agreed.channelMax)")
        },
        sends("rabbitmq/limits/channel-max", ChannelOpen.self) { _, moment in
            guard let most = moment.session.agreed?.channelMax, most > 0 else { return nil }
            return .unless(
                moment.number <= most && moment.session.channels.count < most,
                "channel \(moment.number) beside \(moment.session.channels.count) others; at most \(most) are agreed")
        },
        exercised("spec/4.3/many-channels", by: ChannelOpen.self) { _, moment in
            !moment.session.channels.isEmpty
        },
    ]

    private static let heartbeats: [ClientRule] = [
        ClientRule("spec/4.2.7/heartbeat-sent", .anything) { moment in
            guard let (interval, silence) = silence(moment) else { return nil }
            if case .heartbeat = moment.event { return .exercised }
            return silence > 2 * interval
                ? .broken("nothing for \(silence) ms; agreed is a heartbeat every \(interval / 1000) s") : nil
        },
        ClientRule("spec/4.2.7/silent-peer-dropped", .anything) { moment in
            silence(moment).flatMap { $1 > 2 * $0 ? .exercised : nil }
        },
        ClientRule("spec/4.2.7/any-octet-counts", .frame) { moment in
            if case .frame(.heartbeat, _, _) = moment.event { return nil }
            return moment.session.heartbeat > 0 ? .exercised : nil
        },
        ClientRule("spec/4.2.7/heartbeat-channel", .heartbeat) {
            .unless($0.number == 0, "a heartbeat on channel \($0.number)")
        },
        ClientRule("spec/4.2.7/heartbeat-ignored", .heartbeat) {
            $0.session.agreed != nil && $0.session.heartbeat == 0 ? .exercised : nil
        },
    ]

    private static let ends: [ClientRule] = [
        ClientRule("spec/2.3.7/close-handshake", .ended) { moment in
            let session = moment.session
            guard session.isOpen, !session.brokerEnded else { return nil }
            if session.owesCloseOk { return .broken("the broker's connection.close was not answered") }
            return session.closing == nil ? .broken("the client ended without connection.close") : nil
        },
        ClientRule("connection.close/stability", .anyMethod) { moment in
            guard case .method(let method, _, _) = moment.event, moment.session.closing == .toBroker else { return nil }
            return .unless(
                method.id == ConnectionCloseOk.id || method.id == ConnectionClose.id,
                "\(method.id) behind the client's own connection.close")
        },
        exercised("spec/2.3.7/close-handshake", by: ConnectionClose.self),
        exercised("spec/2.3.7/close-handshake", by: ConnectionCloseOk.self),
        exercised("connection.close/stability", by: ConnectionClose.self),
        exercised("rabbitmq/queue.declare/exclusive-dies-with-connection", by: ConnectionClose.self) { _, moment in
            moment.session.hasExclusiveQueue
        },
        exercised("rabbitmq/connection.close/shutdown", whenReceiving: ConnectionClose.self) { close, _ in
            close.replyCode == .connectionForced
        },
        ClientRule("watch/whole-frames", .ended) { $0.session.isOpen ? .exercised : nil },
        ClientRule("watch/whole-frames", .octets) { moment in
            guard case .octets(let octets) = moment.event, isBegun(octets) else { return nil }
            return .broken("\(octets.count) bytes of a frame whose rest never came")
        },
    ]

    private static func isForeign(_ moment: Moment) -> Bool {
        if case .header(let octets) = moment.event { octets != ProtocolHeader.amqp091 } else { false }
    }

    /// 0 stands for no limit.
    private static func isLower(_ asked: Int, _ offered: Int) -> Bool { asked > 0 && (offered == 0 || asked < offered) }

    /// The interval that was agreed on, and for how long nothing had come, both in milliseconds.
    private static func silence(_ moment: Moment) -> (interval: Int64, silence: Int64)? {
        let session = moment.session
        guard session.heartbeat > 0, session.isOpen, !session.isClosed, let last = session.lastFromClient else {
            return nil
        }
        return (Int64(session.heartbeat) * 1000, moment.time - last)
    }

    /// The beginning of a frame, and not the wrong end of one.
    static func isBegun(_ octets: [UInt8]) -> Bool {
        guard let kind = octets.first, Frame.Kind(rawValue: kind) != nil else { return false }
        guard octets.count >= 7 else { return true }
        return octets.count < octets[3..<7].reduce(0) { $0 << 8 | Int($1) } + Frame.overhead
    }

    static func enumeration(_ words: [String]) -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " and " + words[words.count - 1]
    }
}
