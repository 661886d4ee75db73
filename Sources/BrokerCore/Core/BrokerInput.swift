/// Everything that can happen to a broker from outside; see ``BrokerCore/step(_:now:moreFollows:)``.
public enum BrokerInput: ~Escapable, Sendable {
    /// Nothing but time has passed.
    case time
    /// A client has connected. `peer` is its address, for listings; `isLoopback` says whether it is on this machine.
    case connected(ConnectionID, peer: String, isLoopback: Bool)
    /// Octets have come from a client, in any slicing.
    case received(RawSpan, from: ConnectionID)
    /// A client's stream has ended, however it did.
    case disconnected(ConnectionID)
    /// How many octets of a connection's output have not left yet. Above the configured mark its consumers pause, large
    /// messages are sent in parts, and what waits goes on when this says that all has left: to be given, with 0, after
    /// every output that ``BrokerEffects/Write/awaitsDrain``.
    case unsent(Int, of: ConnectionID)
    /// A password was checked. Nothing happens for a connection that has gone meanwhile.
    case loginChecked(ConnectionID, isRight: Bool)
    /// The batch of the store that was handed out has been carried out. The next comes only then.
    case stored(batch: UInt64)
    /// The disk of the store has not enough space left, or has again. Publishers are held back in between; everything
    /// else goes on as far as it can.
    case diskIsLow(Bool)
    /// Messages may take up so many octets from now on (`rabbitmqctl set_vm_memory_high_watermark`); nil: as many as they do.
    /// It does not outlast the broker.
    case setMemoryHighWater(Int?)
    /// More users may log in, from now on; those of the same names are replaced. Connections that are open stay as they are.
    case add([BrokerConfiguration.User])
    /// What definitions say of users; see ``UserDefinitions``.
    case defineUsers(UserDefinitions)
    /// The firehose of a virtual host is switched on or off (`rabbitmqctl trace_on`, `trace_off`). It does not outlast
    /// the broker. Nothing happens for a virtual host that isn't there.
    case setTracing(Bool, virtualHost: String)
    /// What an operator changes, one thing after the other; ``BrokerEffects/refusals`` says what came of it. To be given
    /// without others in the same wake-up.
    case change([BrokerChange])
    /// Every connection is closed with 320, as an operator's stop does.
    case shutDown
}
