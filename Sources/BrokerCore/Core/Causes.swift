import AMQPWire
import DataStructures

/// What a method has caused, to be done when the method is over: one death may cause the next, and a queue that hands a
/// message out is in the middle of something.
struct Causes {
    enum Cause {
        case deadLetter(DeadLetter)
        /// A copy for those who trace.
        case copy(Message)

        var message: Message {
            switch self {
            case .deadLetter(let letter): letter.message
            case .copy(let copy): copy
            }
        }
    }

    private var letters = Ring<(letter: DeadLetter, isOfCopy: Bool, virtualHost: VirtualHost)>()
    private var copies = Ring<(copy: Message, virtualHost: VirtualHost)>()
    /// True while a copy is being published, or what that caused.
    private(set) var isTakingCopies = false

    var isEmpty: Bool { letters.isEmpty && copies.isEmpty }

    /// No more is done for now.
    mutating func pause() { isTakingCopies = false }

    mutating func add(_ cause: Cause, in virtualHost: VirtualHost) {
        switch cause {
        case .deadLetter(let letter): letters.append((letter, isTakingCopies, virtualHost))
        case .copy(let copy): copies.append((copy, virtualHost))
        }
    }

    /// The next to be done: letters before copies.
    mutating func next() -> (cause: Cause, virtualHost: VirtualHost)? {
        isTakingCopies = false
        if let (letter, isOfCopy, virtualHost) = letters.popFirst() {
            isTakingCopies = isOfCopy
            return (.deadLetter(letter), virtualHost)
        }
        guard let (copy, virtualHost) = copies.popFirst() else { return nil }
        isTakingCopies = true
        return (.copy(copy), virtualHost)
    }
}

extension Message {
    /// What it counts to publish a message again: its properties are read and written anew.
    var unitsOfPublishingAgain: Int { 1 + contentCount / 256 + propertiesCount / 16 }
}

extension VirtualHost {
    /// Publishes what was caused before. Copies for those who trace are not copied again, nor what they cause.
    func carryOut(_ cause: Causes.Cause, isOfCopy: Bool) {
        isTraced = isTracingOn && !isOfCopy
        switch cause {
        case .deadLetter(let letter): publish(letter)
        case .copy(let copy): publish(copy)
        }
        isTraced = isTracingOn
    }

    /// Publishes a dead letter through its queue's dead-letter exchange, if there is one at this moment.
    private func publish(_ letter: DeadLetter) {
        defer { letter.isOut() }
        guard let name = letter.queue.arguments.deadLetterExchange, let exchange = exchanges[name] else { return }
        do throws(BrokerError) {
            let again = try letter.republished(
                to: name, content(of: letter.message), now: core.now, core.configuration.dialect)
            let queues = try route(again.message, from: exchange, keys: again.keys).targets
            republished = again
            defer { republished = nil }
            enqueue(again.message, in: queues.filter { again.mayGo(to: $0.name) })
        } catch { core.log(.error, "a dead letter of \(letter.queue.label) is lost: \(error.text)") }
    }

    /// Publishes a copy for those who trace.
    private func publish(_ copy: Message) {
        guard let exchange = exchanges[copy.exchange] else { return }
        do throws(BrokerError) {
            enqueue(copy, in: try route(copy, from: exchange, keys: [copy.routingKey]).targets)
        } catch { core.log(.error, "a copy for the firehose is lost: \(error.text)") }
    }
}
