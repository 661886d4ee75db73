/// What a program plays in the fire.
enum GauntletRole: String, Sendable {
    case producer, consumer
    /// It answers questions, or asks one.
    case server, client

    /// Another of its kind goes on with the work. Of a producer that is killed nothing is promised.
    var isKilled: Bool { self == .consumer || self == .server }
    var reads: Bool { self == .consumer || self == .server }
}

/// What a chapter promises of the programs of its step when something goes wrong: what `workbook gauntlet` holds them to.
struct Promise: Sendable {
    /// What the other role sends to a program that consumes; questions where it answers.
    var messages: [String]
    /// A message that a consumer was given is done before it is settled: it is never lost with the program.
    var keepsMessages = false
    /// A message takes a consumer its time, by the dots in it. Where none does, the time between a message and its
    /// acknowledgement tells nothing.
    var takesTime = false
    /// A message that a producer has sent, and that went into a queue, is there after a restart of the broker.
    var outlivesRestart = false
    /// The consumer answers.
    var isAnswered = false
    /// The queue that the other role declares for a program that publishes, and whether it is durable.
    var queue: (name: String, isDurable: Bool)?
    /// Where messages end that can't be processed: those with a `!` in them.
    var parksIn: String?
    /// Where the chapter says so.
    let why: Paragraph
}
