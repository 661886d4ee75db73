import AMQPTransport
import AMQPWire
import Testing

/// Queues and exchanges that a case declared on a broker that others use as well: read from its transcripts, so that no
/// case has to clean up after itself. What is exclusive went with its connection.
struct Leftovers {
    private var queues: Set<ShortString> = []
    private var exchanges: Set<ShortString> = []

    /// - Parameter includingUnanswered: what was asked for counts although no answer is there, because nobody waited for it.
    mutating func collect(from transcript: Transcript, includingUnanswered: Bool = false) {
        var exclusive: Set<ShortString> = []
        for (side, method) in transcript.methods {
            switch (side, method) {
            case (.client, .queueDeclare(let declare)) where declare.exclusive: exclusive.insert(declare.queue)
            case (.client, .queueDeclare(let declare)) where !declare.passive:
                // A name that was an exclusive queue's before may be another's now.
                exclusive.remove(declare.queue)
                if declare.noWait || includingUnanswered, !declare.queue.isEmpty { queues.insert(declare.queue) }
            // The reply has the name that the broker made up, and there is none for a declare that was refused.
            case (.broker, .queueDeclareOk(let ok)) where !exclusive.contains(ok.queue): queues.insert(ok.queue)
            case (.client, .exchangeDeclare(let declare))
            where !declare.passive && !declare.exchange.hasPrefix("amq.") && !declare.exchange.isEmpty:
                exchanges.insert(declare.exchange)
            default: break
            }
        }
    }

    func delete(from peer: any Peer) async {
        guard !queues.isEmpty || !exchanges.isEmpty, let stream = try? await peer.connect() else { return }
        let probe = Probe(Tap(stream, name: "cleaner"))
        defer { probe.abort() }
        guard (try? await probe.logIn(Handshake(peer.login))) != nil,
            let channel = try? await probe.openChannel()
        else { return }
        for queue in queues {
            channel.send(QueueDelete(queue: queue))
            _ = try? await channel.outcome()
        }
        for exchange in exchanges {
            channel.send(ExchangeDelete(exchange: exchange))
            _ = try? await channel.outcome()
        }
    }
}
