/// What is done in order, and what is done once.
extension GauntletJudge {
    // MARK: In order

    /// The order of a message among those that were sent.
    private var places: [String: Int] {
        Dictionary(distinct(history.sent).enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: min)
    }

    var disordered: [Harm] {
        guard promise.keepsOrder else { return [] }
        if case .twice? = history.blow { return [] }
        return (overlap ?? overtaken).map { [$0] } ?? []
    }

    /// Two programs have messages at the same time: nobody knows which of them is done first.
    private var overlap: Harm? {
        // Otherwise the second is started when the first is gone.
        guard history.blow == .another else { return nil }
        let (places, handings) = (places, history.handings.filter { $0.hasArrived && !$0.isNoAck })
        for (at, later) in handings.enumerated() {
            guard let place = places[later.body] else { continue }
            let earlier = handings[..<at].first { other in
                guard other.run != later.run, let before = places[other.body], before < place else { return false }
                return other.settledAt ?? .max > later.time
            }
            if let earlier {
                let seen =
                    "'\(later.body)' was handed to one program while the other had '\(earlier.body)' and had not "
                    + "settled it."
                return Harm(kind: .disordered, seen: seen, body: later.body)
            }
        }
        return nil
    }

    /// A message is done before one that was sent earlier.
    private var overtaken: Harm? {
        let bodies = distinct(history.sent).filter { body in handings(of: body).contains(where: \.hasArrived) }
        let ends = bodies.compactMap { body in end(of: body).map { (body: body, time: $0) } }
        for (at, later) in ends.enumerated() {
            if let earlier = ends[..<at].first(where: { $0.time > later.time }) {
                let again = earlier.time == .max ? "waited in the queue again" : "came again"
                let seen =
                    "'\(later.body)' was acknowledged, and '\(earlier.body)', which was sent before it, \(again)."
                return Harm(kind: .disordered, seen: seen, body: earlier.body)
            }
        }
        return nil
    }

    /// When a message was done; `.max` when it was sent back, and has not come again. nil: that was not seen.
    private func end(of body: String) -> Int64? {
        let ends = handings(of: body).filter { $0.settlement == .ack }.compactMap(\.settledAt)
        // What the program publishes itself, and acknowledges, is not done.
        let back = history.sendings.count { $0.body == body && $0.hasArrived }
        if back == 0 { return ends.first }
        return ends.count > back ? ends.last : .max
    }

    /// What is wrong with what a producer has published, beside what is missing.
    var published: [Harm] { [disorderedSending].compactMap(\.self) + outbox }

    private var disorderedSending: Harm? {
        guard promise.keepsOrder, Set(history.expected).count == history.expected.count else { return nil }
        let places = Dictionary(uniqueKeysWithValues: history.expected.enumerated().map { ($0.element, $0.offset) })
        var (known, last): (Set<String>, [String: History.Sending]) = ([], [:])
        for sending in history.sendings where sending.hasArrived && known.insert(sending.body).inserted {
            guard let place = places[sending.body] else { continue }
            if let before = last[sending.key], let other = places[before.body], other > place {
                let seen = "'\(sending.body)' came to the broker behind '\(before.body)', with the same key."
                return Harm(kind: .disordered, seen: seen, body: sending.body)
            }
            last[sending.key] = sending
        }
        return nil
    }

    // MARK: Once

    /// The work for a message, by the lines that a program prints once for each.
    var effects: [Harm] {
        let bodies = distinct(history.sent)
        // A message that comes twice in one run needs no other run to compare with.
        let isTwice = if case .twice? = history.blow { true } else { false }
        let known = history.effects ?? (isTwice ? history.shapes : [])
        guard !known.isEmpty, bodies.allSatisfy(isSettled) else { return [] }
        let counts = Shapes(history.lines, of: history.sent).counts
        // Its lines may say it in other words each time.
        if history.effects == nil, Shapes.isBegun(bodies.count, counts) { return [] }
        let found = known.map { (line: $0, count: counts[$0] ?? 0) }.sorted {
            ($0.count, $0.line) > ($1.count, $1.line)
        }
        // One line that is as it should be is enough, and one that says another thing makes all of it unsure.
        guard let most = found.first, let least = found.last else { return [] }
        let (isTooOften, isMissing) = (least.count > bodies.count, most.count < bodies.count)
        guard isTooOften || isMissing else { return [] }
        let seen =
            "'\(most.line)' was printed \(counted(most.count, "time")) for "
            + "\(counted(bodies.count, "message")), and each is settled."
        if isTooOften { return [Harm(kind: .repeated, seen: seen, body: struckBody)] }
        return isBeforeItsWord ? [Harm(kind: .lost, seen: seen, body: struckBody)] : []
    }

    private func isSettled(_ body: String) -> Bool {
        !history.isLeft.contains(body) && !handings(of: body).contains(where: isHeld)
            && handings(of: body).contains { $0.isNoAck || $0.settlement == .ack || $0.settlement == .dropped }
    }

    /// Some print a word about what they have done behind the acknowledgement, and are killed before they come to it. At these
    /// places that can't be.
    private var isBeforeItsWord: Bool {
        switch history.blow {
        case .kill(_, .amid)?: true
        case .kill(let spot, _)?: spot.number == 1 && spot.name.hasPrefix("basic.deliver")
        default: false
        }
    }

    /// The message at which it was struck, as far as that can be told.
    private var struckBody: String? {
        guard let struckAt = history.struckAt else { return nil }
        if case .twice(let number)? = history.blow { return distinct(history.sent).dropFirst(number - 1).first }
        return history.handings.last { $0.run == 1 && $0.time <= struckAt }?.body
    }

    // MARK: The outbox

    /// A producer was killed and started again: what it had taken has to come, and under the same id.
    private var outbox: [Harm] {
        guard promise.hasOutbox, case .kill? = history.blow, history.life(2)?.status == 0 else { return [] }
        let (first, arrived) = (history.sendings.filter { $0.run == 1 }, history.sendings.filter(\.hasArrived))
        let taken = Set(first.map { $0.id ?? $0.body }).count + history.expected.count
        if arrived.count < taken, let lost = first.last(where: { !$0.hasArrived }) {
            let seen =
                "'\(lost.body)' was on its way when the program was killed. Started again, it published "
                + "\(counted(history.sendings.count - first.count, "message")), and the broker has \(arrived.count) in all."
            return [Harm(kind: .lost, seen: seen, body: lost.body)]
        }
        let ids = Set(arrived.compactMap(\.id))
        guard !history.expected.isEmpty, ids.count > 2 * history.expected.count else { return [] }
        let seen =
            "Two runs took \(counted(2 * history.expected.count, "message")), and published them under "
            + "\(ids.count) ids: a consumer can't know that two are the same."
        return [Harm(kind: .repeated, seen: seen, body: first.last?.body)]
    }
}
