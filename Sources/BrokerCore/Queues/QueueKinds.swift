/// The queue types that there are.
enum QueueKinds {
    static func make(_ order: QueueOrder, host: any QueueHost) -> any Queue {
        switch order.arguments.kind {
        case .classic: ClassicQueue(order, host: host)
        case .quorum: QuorumQueue(order, host: host)
        case .stream: StreamQueue(order, host: host)
        }
    }
}
