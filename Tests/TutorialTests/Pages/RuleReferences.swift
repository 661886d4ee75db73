import Testing

/// The rules that each chapter and its hints name, each with what it says in the catalogue. A word that the chapter has as
/// well is between `<<` and `>>`. A reference that leads to another rule than the page means has no such word.
enum RuleReferences {
    static let table = """
        01-hello
        queue.declare/default-binding: A new queue is <<reach>>able at once through the nameless exchange under its \
        own name.
        basic.publish.mandatory/01: The <<mandatory>> flag works: an unroutable message is returned.

        02-worker
        rabbitmq/ordering/round-robin: Equal consumers with room take <<turn>>s.
        rabbitmq/consumer-prefetch/fair-dispatch: With a window of 1 a slow consumer does not hold messages a <<free>> \
        one could take.
        queue.declare.durable/persistence: A durable queue exists again after the broker <<restart>>s.
        domain.redelivered/implementation: A message handed out before without a successful ack comes back with \
        <<redelivered>> set, ideally to the same client.
        rabbitmq/basic.nack/requeue-false: nack with <<requeue>> off drops the message (or dead-letters it).
        rabbitmq/basic.nack/requeue-true: nack with <<requeue>> on brings it back with redelivered set.

        03-pubsub
        queue.declare.queue/default-name: An empty queue <<name>> makes the server invent a unique one and return it.
        queue.declare.exclusive/exclusive: Another connection cannot use a queue while its <<exclusive>> owner is \
        connected.
        basic.publish.exchange/must-exist: <<Publishing to a>> missing exchange fails.
        rabbitmq/exchange-to-exchange/routes-through: A message published to the source reaches queues <<bound to>> \
        the destination.
        rabbitmq/max-length/drop-head: By default the oldest ready messages go when the count passes <<x-max-length>>.

        04-routing
        queue.bind.routing-key/direct-exchange-key-matching: A direct exchange delivers to a queue exactly when \
        <<binding key>> and routing key are equal.
        queue.bind/unique: A queue with several matching bindings gets one <<copy>> of a message.
        queue.bind/duplicates: Repeating an identical queue binding is accepted and <<changes nothing>>.
        basic.publish.mandatory/01: The <<mandatory>> flag works: an unroutable message is returned.
        rabbitmq/alternate-exchange/unroutable-goes-there: A message the exchange cannot route is offered to its \
        <<alternate>>.

        05-topic
        spec/3.1.3.3/topic-key-words: A topic routing key is zero or more <<words>> separated by dots.
        spec/3.1.3.3/star-is-one-word: In a topic binding key, * stands for exactly <<one word>>.
        spec/3.1.3.3/hash-is-any-words: In a topic binding key, # stands for zero or more <<words>>.

        06-rpc
        rabbitmq/direct-reply-to/round-trip: A reply published to the rewritten <<reply-to>> through the nameless \
        exchange reaches the requester.
        spec/3.1.1/body-untouched: Bodies and existing header entries reach consumers <<unchanged>>.
        rabbitmq/direct-reply-to/no-ack-only: Consuming the <<pseudo-queue>> with acks fails.
        rabbitmq/direct-reply-to/same-channel: The <<request>> must go out on the channel that consumes the replies.

        07-confirms
        rabbitmq/publisher-confirms/numbering: Confirms <<number>> publishes per channel from 1, counting only those \
        after the first select.
        rabbitmq/publisher-confirms/multiple-ack: An ack with multiple set answers every lower outstanding <<number>> \
        as well, and none above.
        rabbitmq/publisher-confirms/persistent-after-disk: An acked <<persistent>> message in a durable queue is there \
        after a broker kill.
        rabbitmq/publisher-confirms/unroutable-acked: An unroutable non-<<mandatory>> publish is acked, not nacked.
        rabbitmq/max-length/reject-publish-nack: reject-publish refuses the newest; a confirming publisher gets a \
        <<nack>>.
        spec/3.1.1/body-untouched: Bodies and existing header entries reach consumers <<unchanged>>.

        08-headers
        spec/3.1.3.4/match-all: With <<x-match>> all, a message matches when it has every header of the binding with \
        an equal value.
        spec/3.1.3.4/match-any: With <<x-match>> any, a message matches when it has at least one header of the binding \
        with an equal value.
        rabbitmq/headers-exchange/default-all: No <<x-match>> means all.
        rabbitmq/headers-exchange/x-ignored: <<Arguments>> starting with x- take no part in all and any.
        rabbitmq/headers-exchange/equal-values: <<Number>>s of all types and timestamps are compared by value, text \
        and byte arrays by their octets; within arrays and tables everything has to be the same.
        rabbitmq/headers-exchange/void: A void <<value>> matches on presence alone.

        09-retry
        rabbitmq/dead-letter/rejected: <<reject>> or nack without requeue sends the message to the queue's dead-letter \
        exchange with reason rejected.
        rabbitmq/message-ttl/queue-argument: <<x-message-ttl>> makes messages vanish after that many milliseconds.
        rabbitmq/dead-letter/x-death-entry: <<x-death>> is an array of tables with queue, reason, exchange, \
        routing-keys, count and time.
        rabbitmq/dead-letter/cycle-with-reject: A cycle containing a <<rejection>> goes on.
        rabbitmq/per-message-ttl/head-only: A message <<expire>>d behind a live one may stay counted until it reaches \
        the head, but is never delivered.
        rabbitmq/dead-letter/foreign-x-death: A client-made <<x-death>> that is not an array is replaced, not an \
        error.
        rabbitmq/dead-letter/x-death-count: The same queue and reason again raises <<count>> instead of adding an \
        entry.

        10-quorum
        rabbitmq/quorum/released: A return by <<basic.nack>> or basic.recover isn't a failure: it counts neither in \
        x-delivery-count nor toward the limit.
        rabbitmq/quorum/counts-survive: Counts and the order of what came back survive a <<restart>>; what was held \
        has failed by it, and comes behind.
        rabbitmq/quorum/limit-at-a-restart: A message that was held at a <<restart>> and fails once too often by it is \
        dropped or dead-lettered.
        rabbitmq/quorum/abandoned: The messages that a closed channel or connection held have <<failed>>.
        rabbitmq/quorum/delivery-limit: A message that fails more often than <<x-delivery-limit>> says is dropped, or \
        dead-lettered.
        rabbitmq/quorum/order-of-returns: <<Returned messages>> are handed out before those that were never handed \
        out, in the order in which they came back.
        rabbitmq/quorum/keeps-all: <<Every message>> is kept over a restart and a kill, the transient ones too; what \
        it says about its delivery mode stays.
        rabbitmq/quorum/delivery-count: A message that failed and came back says how often in the header \
        <<x-delivery-count>>; one that was not handed out before has no such header.
        rabbitmq/quorum/kept-letters: With <<x-dead-letter-strategy>> at-least-once and x-overflow reject-publish, a \
        dead letter that leads nowhere, or that a queue refuses, stays with its queue, takes room there, and is sent \
        again later, to those that have not taken it; 32 of them hold up all others.

        11-stream
        rabbitmq/stream/offset-to-come: An <<offset>> that is not there yet is waited for.
        rabbitmq/stream/no-redelivery: <<Nothing>> comes back to a stream, and no delivery is marked as redelivered.
        rabbitmq/stream/refusals: basic.nack and basic.<<reject>> make room as basic.ack does, and have no other \
        effect.
        rabbitmq/stream/own-place: Each consumer reads at a <<place>> of its own, as long as there is something to \
        read, and goes on when more comes.
        rabbitmq/stream/offset: A consumer begins where <<x-stream-offset>> says: first, last (the newest run of \
        messages that came in together), next, or with the message of that number. Offsets begin at 0, and rise.
        rabbitmq/stream/credit: A consumer holds as many deliveries as its <<prefetch>> limit says; each that it \
        acknowledges makes room for one.
        rabbitmq/stream/prefetch-required: A consumer of a stream has a <<prefetch>> limit.
        rabbitmq/stream/octets: A stream whose <<segments>> have more octets than x-max-length-bytes gives up the \
        oldest segments when another begins; the newest stays. A consumer whose place is gone goes on with the oldest \
        message.

        12-order
        rabbitmq/single-active-consumer/unacked-stay: After a plain <<cancel>> the old consumer may still ack what it \
        holds.
        rabbitmq/consistent-hash/same-key: Messages with equal <<routing key>>s go to the same destination as long as \
        the bindings stay as they are.
        rabbitmq/single-active-consumer/one-at-a-time: With <<x-single-active-consumer>> only one consumer gets \
        messages.
        rabbitmq/single-active-consumer/failover-close: Channel or connection loss of the <<active>> one does the \
        same, and its unacked messages come back.
        rabbitmq/consistent-hash/header: With the argument <<hash-header>>, the header of that name is hashed in place \
        of the routing key; messages without it all go to one destination.
        rabbitmq/consistent-hash/stable: A destination that is added takes keys from the others and <<move>>s none \
        between them.
        rabbitmq/single-active-consumer/first-is-active: The first to register is the <<active>> one.

        13-inbox
        domain.redelivered/hinting: Consumers treat <<redelivered>> as a hint and de-duplicate for themselves.
        rabbitmq/tx/acks-on-commit: Acks, nacks and rejects take effect at <<commit>>.
        domain.redelivered/implementation: A message handed out before without a successful ack comes back with \
        <<redelivered>> set, ideally to the same client.
        spec/3.1.1/body-untouched: Bodies and existing header entries reach consumers <<unchanged>>.
        rabbitmq/publisher-confirms/persistent-after-disk: An acked persistent message in a durable queue is there \
        after a broker <<kill>>.
        rabbitmq/dead-letter/rejected: reject or nack without <<requeue>> sends the message to the queue's dead-letter \
        exchange with reason rejected.
        """

    /// The lines by the chapter's folder and the rule.
    static func read(_ table: String) -> [String: [String: String]] {
        var result: [String: [String: String]] = [:]
        var chapter = ""
        for line in table.split(separator: "\n") {
            guard let colon = line.firstRange(of: ": ") else {
                chapter = String(line)
                continue
            }
            result[chapter, default: [:]][String(line[..<colon.lowerBound])] = String(line[colon.upperBound...])
        }
        return result
    }

    /// Words that every page has, and nearly every rule.
    private static let everywhere = [
        "message", "queue", "exchange", "broker", "server", "client", "consumer", "channel", "connection", "publish",
        "deliver", "error",
    ]

    /// References without a line in the table, lines that say something else than the rule, lines without a reference,
    /// and rules about something of which the page says nothing.
    ///
    /// - Parameter rows: the table's lines of this chapter, by rule
    static func problems(of pages: [Page], rows: [String: String], catalogue: [String: String]) -> [String] {
        let place = pages.first?.path ?? ""
        let named = pages.flatMap { page in
            page.prose.flatMap { line, text in
                Review.names(in: text).filter { catalogue[$0] != nil }.map { (rule: $0, place: "\(page.path):\(line)") }
            }
        }
        let prose = pages.flatMap(\.prose).map { text in
            Review.names(in: text.text).reduce(text.text) { $0.replacing("`\($1)`", with: "") }
                .trimmingCharacters(in: .whitespaces)
        }.joined(separator: " ").lowercased()
        var problems = named.filter { rows[$0.rule] == nil }.map { rule, place in
            "\(place): \(rule) says: \(catalogue[rule] ?? "") If the page means that, write it into RuleReferences"
        }
        for (rule, row) in rows.sorted(by: { $0.key < $1.key }) {
            let meaning = row.replacing("<<", with: "").replacing(">>", with: "")
            let word = row.split(separator: "<<").last?.split(separator: ">>").first.map { $0.lowercased() } ?? ""
            if !named.contains(where: { $0.rule == rule }) { problems.append("\(place): nothing names \(rule) now") }
            if meaning != catalogue[rule] {
                problems.append("\(place): \(rule) says: \(catalogue[rule] ?? "nothing"), not: \(meaning)")
            }
            if row == meaning || word.count < 4 || everywhere.contains(where: { $0.hasPrefix(word) }) {
                problems.append("\(place): \(rule): no word of its own is marked in: \(row)")
            } else if !prose.contains(word) {
                problems.append("\(place): \(rule) is about '\(word)', and the page says nothing of it")
            }
        }
        return problems
    }
}
