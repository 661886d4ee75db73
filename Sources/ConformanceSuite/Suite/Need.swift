/// What a case may need of the broker beyond AMQP. Without it the case is skipped, with the reason.
enum Need: String, Comparable, CustomStringConvertible {
    /// The broker can be stopped and started again.
    case restart
    /// The broker can be killed without warning and started again.
    case kill
    /// It has three nodes at least, which can be killed without warning and started again one by one.
    case cluster
    /// Somebody may administer it: alarms, tracing.
    case admin
    /// Policies can be set and cleared.
    case policies
    case secondVirtualHost = "second virtual host"
    case secondUser = "second user"
    /// Half an hour can go by at once.
    case movableClock = "a clock that can be moved"
    /// RabbitMQ has it as a plugin that is switched off by default.
    case consistentHash = "exchange type x-consistent-hash"
    case quorumQueues = "quorum queues"
    case streams
    /// The case takes more than ten seconds on a real clock.
    case slow
    /// The case has to act in time, by a clock that nobody can stop: beside others it might come too late.
    case quiet

    var description: String { rawValue }

    /// A case that would disturb all others that use the same broker, or be disturbed by them.
    var wantsBrokerToItself: Bool {
        switch self {
        case .restart, .kill, .cluster, .admin, .quiet: true
        default: false
        }
    }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
