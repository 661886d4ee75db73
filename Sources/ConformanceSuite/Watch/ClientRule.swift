import AMQPWire
import Interceptor

/// An event of a watched connection, and what was known before it.
struct Moment: Sendable {
    var session: WatchedSession
    var event: WatchedEvent
    var direction: Direction
    /// Milliseconds since the watch began.
    var time: Int64
    /// 0 for what belongs to no channel.
    var number: UInt16

    /// Of the event; nil: there is no such channel.
    var channel: WatchedChannel? { session.channels[number] }
    var content: Content? { if case .method(_, let content, _) = event { content } else { nil } }
    var properties: BasicProperties? { content?.properties }
}

/// What an event says about a rule.
enum Judgement: Sendable, Equatable {
    /// The client has done what the rule is about, and kept it.
    case exercised
    /// It has, and there is something that its author may want to know.
    case remark(String)
    /// It has done what the rule forbids.
    case broken(String)

    /// Broken, with these words, if that holds; else exercised.
    static func unless(_ isKept: Bool, _ words: @autoclosure () -> String) -> Judgement {
        isKept ? .exercised : .broken(words())
    }
}

/// A rule that a client's conversation can exercise or break, as one of the events that tell.
///
/// A rule that binds the broker is exercised when the client gives its trigger. Where a rule says what the broker refuses, a
/// client that does it has broken it.
struct ClientRule: Sendable {
    /// The events at which a rule is asked.
    enum Trigger: Hashable, Sendable {
        case header, frame, heartbeat, stray, octets, ended
        /// Anything at all from the client.
        case anything
        /// Any method of the client's.
        case anyMethod
        case sent(MethodID)
        case received(MethodID)
    }

    /// In the catalogue; `watch/…`, with its own meaning in ``own``, where that has none.
    let id: String
    let trigger: Trigger
    /// nil: the event has nothing to do with the rule.
    let judge: @Sendable (Moment) -> Judgement?

    init(_ id: String, _ trigger: Trigger, _ judge: @escaping @Sendable (Moment) -> Judgement?) {
        (self.id, self.trigger, self.judge) = (id, trigger, judge)
    }

    /// Asked when the client has sent a method.
    static func sends<M: MethodFields>(
        _ id: String, _: M.Type, _ judge: @escaping @Sendable (M, Moment) -> Judgement?
    ) -> ClientRule {
        ClientRule(id, .sent(M.id)) { moment in fields(moment, M.self).flatMap { judge($0, moment) } }
    }

    /// Asked when the broker has.
    static func receives<M: MethodFields>(
        _ id: String, _: M.Type, _ judge: @escaping @Sendable (M, Moment) -> Judgement?
    ) -> ClientRule {
        ClientRule(id, .received(M.id)) { moment in fields(moment, M.self).flatMap { judge($0, moment) } }
    }

    /// Exercised by a method, if that holds for it.
    static func exercised<M: MethodFields>(
        _ id: String, by _: M.Type, _ holds: @escaping @Sendable (M, Moment) -> Bool = { _, _ in true }
    ) -> ClientRule {
        sends(id, M.self) { method, moment in holds(method, moment) ? .exercised : nil }
    }

    /// The same, of what the broker sends.
    static func exercised<M: MethodFields>(
        _ id: String, whenReceiving _: M.Type, _ holds: @escaping @Sendable (M, Moment) -> Bool = { _, _ in true }
    ) -> ClientRule {
        receives(id, M.self) { method, moment in holds(method, moment) ? .exercised : nil }
    }

    /// Exercised by a method; broken when the broker closes channel or connection because of it, with that code and that
    /// word in its text.
    static func refused<M: MethodFields>(
        _ id: String, _: M.Type, _ code: ReplyCode, saying word: String = "",
        if concerns: @escaping @Sendable (M) -> Bool = { _ in true }
    ) -> [ClientRule] {
        let verdict: @Sendable (MethodID, ReplyCode, ShortString, Moment) -> Judgement? = {
            cause, reply, text, moment in
            guard cause == M.id, reply == code, word.isEmpty || text.text.lowercased().contains(word) else {
                return nil
            }
            // The method itself, unless it is one that nobody waits for.
            let method = moment.channel?.pending.last { $0.id == M.id }?.fields as? M
            return method.map(concerns) ?? true ? .broken(text.text) : nil
        }
        return [
            exercised(id, by: M.self) { method, _ in concerns(method) },
            receives(id, ChannelClose.self) { verdict($0.cause, $0.replyCode, $0.replyText, $1) },
            receives(id, ConnectionClose.self) { verdict($0.cause, $0.replyCode, $0.replyText, $1) },
        ]
    }

    private static func fields<M: MethodFields>(_ moment: Moment, _: M.Type) -> M? {
        if case .method(let method, _, _) = moment.event { method.fields as? M } else { nil }
    }
}

extension ClientRule {
    /// All of them; a rule may stand there several times, with an event each.
    static let all: [ClientRule] =
        connection + frames + channels + deliveries + names + arguments + publishing + objects + features

    /// The rules that the catalogue does not have, because none of its cases can be about them, and what they say.
    static let own: [String: (level: String, meaning: String)] = [
        "watch/open-first": (
            "MUST", "Before connection.open-ok a client sends what the handshake asks for, and nothing else."
        ),
        "watch/channel-open": ("MUST", "A method travels on a channel that is open."),
        "watch/reject-tag": ("MUST", "A reject names a delivery that is outstanding on its channel."),
        "watch/cancel-answered": ("MUST", "A basic.cancel from the broker that waits for an answer gets cancel-ok."),
        "watch/no-wait": ("MUST", "A client that declines replies gets by without: it gives the names itself."),
        "watch/whole-frames": ("MUST", "A client that has begun a frame sends all of it."),
    ]

    static let byTrigger = Dictionary(grouping: all, by: \.trigger)

    /// The ids, each once, in the order of the tables.
    static let ids: [String] = all.reduce(into: (list: [String](), seen: Set<String>())) { result, rule in
        if result.seen.insert(rule.id).inserted { result.list.append(rule.id) }
    }.list
}
