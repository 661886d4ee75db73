/// The one thing that goes wrong in a run.
enum Blow: Hashable, Sendable {
    enum Moment: Hashable, Sendable {
        /// The frame does not pass any more.
        case before
        case after
        /// Some time after it, in the middle of the work that follows.
        case amid
    }

    /// The connection breaks there.
    case cut(Spot, Moment)
    /// The program is killed there, with no chance to say a word.
    case kill(Spot, Moment)
    /// The broker is restarted when this frame has passed: what is durable is kept.
    case restart(Spot)
    /// The same once the program has ended.
    case restartAtEnd
    /// The broker is killed when this frame has passed, and started again.
    case crash(Spot)
    /// The same once the program has ended.
    case crashAtEnd
    /// The broker does not take the publish of this number, counted from 1, where there are confirms.
    case refuse(Int)
    /// No queue takes the publish of this number: where it is mandatory, it comes back.
    case giveBack(Int)
    /// From this frame on the broker takes no publishes for a while, and says so.
    case block(Spot)
    /// The other role sends its message of this number twice.
    case twice(Int)
    /// The other role's message of this number comes much later than the others.
    case late(Int)
    /// The other role sends its messages the last one first.
    case backwards
    /// The other role sends a message that no program can process.
    case poison
    /// Another program like it consumes beside it.
    case another
    /// The program that is to answer gets the question, and dies.
    case silence
    /// Before the answer comes another one that belongs to somebody else.
    case stranger

    var spot: Spot? {
        switch self {
        case .cut(let spot, _), .kill(let spot, _), .restart(let spot), .crash(let spot), .block(let spot): spot
        default: nil
        }
    }

    /// What the other role does; nothing happens to the connection.
    var isOthers: Bool {
        switch self {
        case .twice, .late, .backwards, .silence, .stranger, .poison, .another: true
        default: false
        }
    }

    /// The program has lost its connection, and lives.
    var loses: Bool {
        switch self {
        case .cut, .restart, .crash: true
        default: false
        }
    }

    /// The broker goes, and comes again, in the middle of the conversation.
    var isRestart: Bool {
        switch self {
        case .restart, .crash: true
        default: false
        }
    }

    /// The same when the program has ended.
    var isAtEnd: Bool { self == .restartAtEnd || self == .crashAtEnd }

    /// The broker has no time to write anything down.
    var isCrash: Bool {
        switch self {
        case .crash, .crashAtEnd: true
        default: false
        }
    }

    /// One word for what is done.
    var deed: String {
        switch self {
        case .cut: "cut"
        case .kill: "kill"
        case .restart, .restartAtEnd, .crash, .crashAtEnd: "restart"
        case .refuse: "nack"
        case .giveBack: "return"
        case .block: "block"
        case .twice: "twice"
        case .late: "late"
        case .backwards: "order"
        case .poison: "poison"
        case .another: "another"
        case .silence: "silence"
        case .stranger: "stranger"
        }
    }

    /// What happened, for a reader.
    var text: String {
        switch self {
        case .cut(let spot, .before): "its connection was cut before \(spot.text)"
        case .cut(let spot, _): "its connection was cut after \(spot.text)"
        case .kill(let spot, .before): "it was killed before \(spot.text)"
        case .kill(let spot, .after): "it was killed after \(spot.text)"
        case .kill(let spot, .amid): "it was killed in the middle of its work, some time after \(spot.text)"
        case .restart(let spot): "the broker was restarted after \(spot.text)"
        case .restartAtEnd: "the broker was restarted when it had ended"
        case .crash(let spot): "the broker was killed after \(spot.text), and started again"
        case .crashAtEnd: "the broker was killed when it had ended, and started again"
        case .refuse(let number): "the broker refused message \(number) with basic.nack"
        case .giveBack(let number): "no queue took message \(number)"
        case .block(let spot): "the broker took no publishes for a while (connection.blocked) after \(spot.text)"
        case .twice(let number): "message \(number) was sent to it twice"
        case .late(let number): "message \(number) came late"
        case .backwards: "the messages came in another order"
        case .poison: "a message came that no program can process"
        case .another: "another program like it was started beside it"
        case .silence: "the program that it asked died"
        case .stranger: "an answer to somebody else's question came before its own"
        }
    }
}

/// Which blows there are for a conversation, the most telling first.
struct BlowPlan {
    /// The frames of an undisturbed run, in order.
    let spots: [Spot]
    let role: GauntletRole
    let promise: Promise
    /// Of the undisturbed run.
    let published: Int
    let hasConfirms: Bool
    /// A message takes the program its time.
    var hasWork = false

    /// All of them, or those where something changes its state.
    func blows(all: Bool) -> [Blow] {
        let chosen = spots.filter { all || $0.changesState }
        var ranked: [(rank: [Int], blow: Blow)] = []
        for (place, spot) in chosen.enumerated() {
            let isPart = spot.name.contains("'")
            func add(_ blow: Blow, _ rank: Int) {
                ranked.append(([rank + (isPart ? 2 : 0), spot.weight, place], blow))
            }
            add(.cut(spot, .before), 0)
            // In the middle of a content, before the next frame is after this one.
            if all || !isPart { add(.cut(spot, .after), 1) }
            if role.isKilled(promise) {
                add(.kill(spot, .before), 0)
                if all || !isPart { add(.kill(spot, .after), 0) }
                if isWorkedOn(spot) { add(.kill(spot, .amid), 0) }
            }
            if all || spot.number == 1 && !isPart { add(promise.survivesCrash ? .crash(spot) : .restart(spot), 1) }
            let publishes = spot.name == "basic.publish" && spot.direction == .toBroker
            if publishes && spot.number == 1 { add(.block(spot), 1) }
        }
        let rest = others
        return rest + ranked.sorted { $0.rank.lexicographicallyPrecedes($1.rank) }.map(\.blow)
    }

    /// Between a message and its effect there is time enough to be killed in.
    private func isWorkedOn(_ spot: Spot) -> Bool {
        hasWork && (promise.isStream || promise.isDoneOnce) && role.reads && spot.direction == .toClient
            && spot.name == "basic.deliver"
    }

    /// Those that are no frame's.
    private var others: [Blow] {
        var blows: [Blow] = []
        switch role {
        case .producer:
            if promise.outlivesRestart { blows.append(promise.survivesCrash ? .crashAtEnd : .restartAtEnd) }
            if hasConfirms {
                for number in 1...max(1, min(3, published)) { blows += [.refuse(number), .giveBack(number)] }
            }
        case .consumer, .server:
            if promise.poison != nil { blows.append(.poison) }
            if promise.keepsOrder { blows.append(.another) }
            blows += [.twice(1), .late(1), .backwards]
            if hasConfirms, published > 0 { blows += [.refuse(1), .giveBack(1)] }
        case .client: blows += [.stranger, .twice(1), .late(1), .silence]
        }
        return blows
    }
}
