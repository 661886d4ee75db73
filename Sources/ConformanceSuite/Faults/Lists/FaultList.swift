import AMQPWire
@_spi(Quirks) import BrokerCore

extension Fault {
    /// Every fault there is. A new one is a line in the list of its area, and nothing else; the broker's quirks are among
    /// them by themselves.
    static let all: [Fault] =
        connection + heartbeats + framing + octets + closes + channels + queues + exchanges + bindings
        + exchangeBindings + routing
        + headersExchange + consistentHash + publishing + handingOver + settling + dispatching + consumers + confirming
        + transactions
        + queueLimits + quorumQueues + streams + deadLetters + restarts + permissions + firehose
        + Quirks.names.map(Fault.quirk)
}

extension ShortString {
    /// The same with its text changed.
    func changed(_ change: (String) -> String) -> ShortString { ShortString(truncating: change(text)) }

    func contains(_ part: Character) -> Bool { text.contains(part) }
}

extension FieldTable {
    func without(_ names: ShortString...) -> FieldTable { FieldTable(fields.filter { !names.contains($0.name) }) }

    /// The same with a number changed, if it is there.
    func changing(_ name: ShortString, _ change: (Int64) -> Int64) -> FieldTable {
        var table = self
        if let number = table[name]?.integer { table[name] = .int64(change(number)) }
        return table
    }
}
