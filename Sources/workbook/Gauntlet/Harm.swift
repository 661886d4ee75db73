/// What the fire has shown.
struct Harm: Sendable, Equatable {
    enum Kind: String, CaseIterable, Sendable {
        case lost, unkept, endless, skipped, disordered, repeated, unanswered, confused, stuck, deaf, gone, hangs
        case pretends, wordless

        /// What happened, in a few words.
        var title: String {
            switch self {
            case .lost: "a message is lost"
            case .unkept: "a message is lost with the broker's restart"
            case .endless: "a message goes round forever"
            case .skipped: "a reader leaves a message out"
            case .disordered: "the order is broken"
            case .repeated: "a message is done twice"
            case .unanswered: "a question is never answered"
            case .confused: "an answer that belongs to another question"
            case .stuck: "a message waits forever"
            case .deaf: "it is back, and hears nothing"
            case .gone: "it is gone, and does not come back"
            case .hangs: "it hangs, and says nothing"
            case .pretends: "it ends as if all were well"
            case .wordless: "it ends without a word"
            }
        }

        /// Why it matters, and what to do.
        var why: String {
            switch self {
            case .lost:
                "The broker forgets a message with its acknowledgement, or with no-ack when it sends it. Acknowledge when "
                    + "the work is done, and when what follows from it is safely in its own queue."
            case .unkept:
                "A queue outlives the broker if it is durable, and a message in it if it is persistent: it takes both."
            case .endless:
                "A message that no program can process takes one worker after another with it, and holds up the messages "
                    + "behind it. Only the queue sees all its deliveries: give the queue a delivery limit, and a dead-letter exchange."
            case .skipped:
                "A stream doesn't remember its readers. When the work for a message is done, note its offset where "
                    + "that outlives the program, and go on after it."
            case .disordered:
                "Messages stay in order if they are in one queue and one consumer at a time takes from it. Put none of them "
                    + "back behind later ones, and send none again after later ones have been sent."
            case .repeated:
                "A message comes again after a crash, or because its producer wasn't sure. Recognise it by its id. Write the "
                    + "id down together with the result, where both outlive the program."
            case .unanswered:
                "A question that is acknowledged before its answer is on its way dies with the server. Answer first, then "
                    + "acknowledge."
            case .confused:
                "An answer may be late, come twice, or be meant for another question. The correlation id says "
                    + "which question an answer belongs to: take it unchanged from the question, and look at it."
            case .stuck:
                "No other program gets a message that a running one holds. Settle each, or end, so the broker can hand it out again."
            case .deaf:
                "A new connection knows nothing of the old one: its channels, consumers, and the queues that were its own "
                    + "alone. Declare, bind and consume again."
            case .gone:
                "Brokers restart, and cables are pulled out. If a consumer ends then, its queue fills until somebody notices. "
                    + "Connect again, and consume again."
            case .hangs:
                "A program that waits for a connection that is gone looks like one that has nothing to do, and nobody will "
                    + "restart it. Connect again, or end with a status that is not 0 and a line on standard error."
            case .pretends:
                "Status 0 says that everything was done, so nobody tries again. Wait for what the broker answers, and end with "
                    + "another status when it is not what you hoped for."
            case .wordless:
                "Somebody will find the program dead, and want to know why: a line on standard error is enough."
            }
        }
    }

    var kind: Kind
    /// What was seen of it in the run.
    var seen: String
    /// The message that it is about.
    var body: String?
}
