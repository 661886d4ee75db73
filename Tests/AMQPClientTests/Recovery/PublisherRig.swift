@testable import AMQPClient

/// What a publisher decides, with its effects, and a few ways to say things shortly.
struct PublisherRig {
    typealias Effect = PublisherState.Effect

    var state: PublisherState
    var effects: [Effect] = []
    var now: Int64 = 0

    init(
        window: Int = 8, whileDown: Publisher.WhileDown = .wait(upTo: .seconds(30)), resend: Publisher.Resend = .never
    ) {
        state = PublisherState(window: window, whileDown: whileDown, resend: resend)
    }

    mutating func publish(_ text: String = "m", to exchange: String = "") -> UInt64 {
        state.publish(.init(message: Message(text), exchange: exchange, routingKey: "k"), now: now, &effects)
    }
    mutating func up() -> Int { state.up(&effects) }
    mutating func down(_ error: AMQPError) { state.down(error, now: now, &effects) }
    mutating func confirm(_ id: UInt64, _ link: Int) { state.settled(id, link: link, .success(true), &effects) }
    mutating func notSent(_ id: UInt64, _ link: Int, _ obstacle: PublisherState.Obstacle = .noRoom) {
        state.notSent(id, link: link, obstacle, now: now, &effects)
    }
    mutating func pass(to time: Int64) {
        now = time
        state.timePassed(now, &effects)
    }

    mutating func take() -> [Effect] {
        defer { effects = [] }
        return effects
    }
    mutating func sends() -> [UInt64] {
        take().compactMap { if case .send(let id, _) = $0 { id } else { nil } }
    }
    /// What was said to callers: nil for a confirm.
    mutating func answers() -> [UInt64: AMQPError.Kind?] {
        var answers: [UInt64: AMQPError.Kind?] = [:]
        for case .answer(let id, let result) in take() {
            if case .failure(let error) = result {
                answers[id] = .some(error.kind)
            } else {
                answers[id] = .some(nil)
            }
        }
        return answers
    }
}
