/// What a program plays in the fire.
enum GauntletRole: String, Sendable {
    case producer, consumer
    /// It answers questions, or asks one.
    case server, client

    /// Another of its kind goes on with the work. Of a producer that is killed nothing is promised, unless it has an outbox.
    func isKilled(_ promise: Promise) -> Bool {
        self == .consumer || self == .server || self == .producer && promise.hasOutbox
    }
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
    /// A message that no program can process. Its queue stops handing it out, and what is behind it is done.
    var poison: String?
    /// A program that has lost its connection consumes again; to end with a word is not enough.
    var comesBack = false
    /// The broker may be killed, and not only restarted.
    var survivesCrash = false
    /// Its queue is a stream: each reader reads all of it, and one that comes again leaves nothing out.
    var isStream = false
    /// The messages are done, or published, in their order.
    var keepsOrder = false
    /// The work for a message is done once, though the message comes twice. A message has an id.
    var isDoneOnce = false
    /// What a producer has taken is published though it is killed: started again, it goes on with it.
    var hasOutbox = false
    /// Where the chapter says so.
    let why: Paragraph
}

extension Promise {
    static let mostMessages = 20

    /// For a program that acknowledges more messages at once than there are. What is added takes no time.
    var moreMessages: [String] {
        let more = (messages.count..<Self.mostMessages).map { number in
            let message = messages[number % messages.count]
            return isAnswered ? "\(number + 9)" : message.filter { $0 != "." } + " \(number)"
        }
        return messages + more
    }
}
