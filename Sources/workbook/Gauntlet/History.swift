/// What happened in one run of the gauntlet, as plain values: the judge knows nothing else.
struct History: Sendable {
    /// A message that the broker handed out.
    struct Handing: Sendable {
        enum Settlement: Sendable { case ack, dropped, requeued }

        var body: String
        /// Which of the programs that were started, from 1.
        var run = 1
        /// Milliseconds since the run began.
        var time: Int64 = 0
        var redelivered = false
        var isNoAck = false
        /// The program has got it: it was not lost on the way.
        var hasArrived = true
        /// The connection that it came on, of all that the programs have made.
        var connection = 1
        /// The connection that it came on was lost: the program can't settle it any more.
        var isOver = false
        /// What the broker has heard of it.
        var settlement: Settlement?
        var settledAt: Int64?
    }

    /// A message that the program published.
    struct Sending: Sendable {
        enum Answer: Sendable { case ack, nack }

        var body: String
        var run = 1
        var time: Int64 = 0
        var key = ""
        /// The broker has got it, and was allowed to take it.
        var hasArrived = true
        var answer: Answer?
        var isReturned = false
        var correlation: String?
        /// The message-id.
        var id: String?
    }

    /// A program as a process.
    struct Life: Sendable {
        var run = 1
        /// How it ended by itself; nil while it runs, and when it was killed.
        var status: Int32?
        var endedAt: Int64?
        var isKilled = false
        /// At the end it has a connection; and it consumes.
        var isConnected = true
        var isConsuming = true
        /// What it printed once something had gone wrong.
        var words: [String] = []
        /// All that it printed, before that too.
        var lines: [String] = []

        var isRunning: Bool { status == nil && !isKilled }
    }

    var blow: Blow?
    /// Something that is no fault of the program's did not come about in time: nothing follows from the run.
    var isUncertain = false
    /// When it struck; nil: the run never came to that place.
    var struckAt: Int64?
    /// What the other role sent to the program, and the broker confirmed.
    var sent: [String] = []
    /// The last of these, sent to a program that seemed to be back.
    var echo: String?
    var handings: [Handing] = []
    var sendings: [Sending] = []
    var lives: [Life] = [Life()]
    /// Bodies by queue: what was there when all was over.
    var left: [String: [String]] = [:]
    /// How long a message takes the program, in milliseconds, by an undisturbed run; 0: it does not show.
    var workTime: Int64 = 0
    /// By that run, each acknowledgement comes when the work is done.
    var isAckedBehind = false
    /// When it struck, the program was consuming.
    var wasReading = false
    /// The queue that it consumes hands a message out again so many times, as far as the program says so.
    var deliveryLimit: Int64?
    /// Lines that it prints, in an undisturbed run, once for each message.
    var shapes: Set<String> = []
    /// Of these, those that it prints once for a message that comes twice. nil: not known.
    var effects: Set<String>?
    /// It prints the text of each message.
    var isTelling = false
    /// A queue that is known here has what an undisturbed run publishes.
    var isQueued = true
    /// What an undisturbed run publishes.
    var expected: [String] = []
    /// Answers that came to the other role, by their correlation ids.
    var replies: [(correlation: String, body: String)] = []
    /// The answer to a client's question, and whether it prints that in an undisturbed run.
    var answer: String?
    var isAnswering = true
    /// How many messages one acknowledgement settles, at most.
    var batch = 0
    /// How long nothing had passed at the end, in seconds.
    var waited = 1

    func life(_ run: Int) -> Life? { lives.first { $0.run == run } }
    var isLeft: Set<String> { Set(left.values.joined()) }
}
