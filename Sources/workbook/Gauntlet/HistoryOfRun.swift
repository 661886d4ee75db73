extension History {
    /// Puts together what was seen on both sides of the fire. What passed one side only never arrived.
    static func fill(_ history: inout History, near: WireLog, far: WireLog, isGone: (Int) -> Bool) {
        var arrived: [Line: Int] = [:]
        for handed in near.handed { arrived[Line(handed.place), default: 0] += 1 }
        history.handings = far.handed.map { handed in
            let line = Line(handed.place)
            arrived[line, default: 0] -= 1
            let settled = handed.settlements.last
            return Handing(
                body: handed.body, run: handed.place.run, time: handed.place.time, redelivered: handed.redelivered,
                isNoAck: handed.isNoAck, hasArrived: arrived[line, default: 0] >= 0,
                connection: handed.place.connection, isOver: isGone(handed.place.connection),
                settlement: settled.map { settlement($0.kind) },
                settledAt: settled?.place.time)
        }
        var taken: [Line: [WireLog.Published]] = [:]
        for published in far.published { taken[Line(published.place), default: []].append(published) }
        var counts: [Line: Int] = [:]
        history.sendings = near.published.map { published in
            let line = Line(published.place)
            let number = counts[line, default: 0]
            counts[line] = number + 1
            let there = taken[line].flatMap { number < $0.count ? $0[number] : nil }
            return Sending(
                body: published.body, run: published.place.run, time: published.place.time, key: published.key,
                hasArrived: there.map { $0.key != Fire.nowhere.text } ?? false,
                correlation: published.properties.correlationID?.text, id: published.properties.messageID?.text)
        }
    }

    private static func settlement(_ kind: WireLog.Settlement.Kind) -> Handing.Settlement {
        switch kind {
        case .ack: .ack
        case .dropped: .dropped
        case .requeued: .requeued
        }
    }

    private struct Line: Hashable {
        var connection: Int
        var channel: UInt16

        init(_ place: WireLog.Place) { (connection, channel) = (place.connection, place.channel) }
    }
}

extension History {
    /// What undisturbed runs have shown of the program.
    mutating func learn(_ habits: Habits) {
        (workTime, isAckedBehind, expected) = (habits.workTime, habits.isAckedBehind, habits.expected)
        (shapes, effects) = (habits.shapes, habits.effects)
        (isTelling, isQueued) = (habits.isTelling, habits.isQueued)
        (isAnswering, batch) = (habits.isAnswering, habits.batch)
    }

    /// What its programs have printed.
    var lines: [String] { lives.flatMap(\.lines) }
}
