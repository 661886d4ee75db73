// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

extension MethodID {
    // The classes.
    public static let connection: UInt16 = 10
    public static let channel: UInt16 = 20
    public static let access: UInt16 = 30
    public static let exchange: UInt16 = 40
    public static let queue: UInt16 = 50
    public static let basic: UInt16 = 60
    public static let confirm: UInt16 = 85
    public static let tx: UInt16 = 90

    /// True for the methods that a content header and a body follow:
    /// `basic.publish`, `basic.return`, `basic.deliver` and `basic.get-ok`.
    public var hasContent: Bool {
        guard classID == Self.basic else { return false }
        return switch methodID {
        case 40, 50, 60, 71: true
        default: false
        }
    }

    static let names: [MethodID: String] = [
        MethodID(10, 10): "connection.start",
        MethodID(10, 11): "connection.start-ok",
        MethodID(10, 20): "connection.secure",
        MethodID(10, 21): "connection.secure-ok",
        MethodID(10, 30): "connection.tune",
        MethodID(10, 31): "connection.tune-ok",
        MethodID(10, 40): "connection.open",
        MethodID(10, 41): "connection.open-ok",
        MethodID(10, 50): "connection.close",
        MethodID(10, 51): "connection.close-ok",
        MethodID(10, 60): "connection.blocked",
        MethodID(10, 61): "connection.unblocked",
        MethodID(10, 70): "connection.update-secret",
        MethodID(10, 71): "connection.update-secret-ok",
        MethodID(20, 10): "channel.open",
        MethodID(20, 11): "channel.open-ok",
        MethodID(20, 20): "channel.flow",
        MethodID(20, 21): "channel.flow-ok",
        MethodID(20, 40): "channel.close",
        MethodID(20, 41): "channel.close-ok",
        MethodID(30, 10): "access.request",
        MethodID(30, 11): "access.request-ok",
        MethodID(40, 10): "exchange.declare",
        MethodID(40, 11): "exchange.declare-ok",
        MethodID(40, 20): "exchange.delete",
        MethodID(40, 21): "exchange.delete-ok",
        MethodID(40, 30): "exchange.bind",
        MethodID(40, 31): "exchange.bind-ok",
        MethodID(40, 40): "exchange.unbind",
        MethodID(40, 51): "exchange.unbind-ok",
        MethodID(50, 10): "queue.declare",
        MethodID(50, 11): "queue.declare-ok",
        MethodID(50, 20): "queue.bind",
        MethodID(50, 21): "queue.bind-ok",
        MethodID(50, 50): "queue.unbind",
        MethodID(50, 51): "queue.unbind-ok",
        MethodID(50, 30): "queue.purge",
        MethodID(50, 31): "queue.purge-ok",
        MethodID(50, 40): "queue.delete",
        MethodID(50, 41): "queue.delete-ok",
        MethodID(60, 10): "basic.qos",
        MethodID(60, 11): "basic.qos-ok",
        MethodID(60, 20): "basic.consume",
        MethodID(60, 21): "basic.consume-ok",
        MethodID(60, 30): "basic.cancel",
        MethodID(60, 31): "basic.cancel-ok",
        MethodID(60, 40): "basic.publish",
        MethodID(60, 50): "basic.return",
        MethodID(60, 60): "basic.deliver",
        MethodID(60, 70): "basic.get",
        MethodID(60, 71): "basic.get-ok",
        MethodID(60, 72): "basic.get-empty",
        MethodID(60, 80): "basic.ack",
        MethodID(60, 90): "basic.reject",
        MethodID(60, 100): "basic.recover-async",
        MethodID(60, 110): "basic.recover",
        MethodID(60, 111): "basic.recover-ok",
        MethodID(60, 120): "basic.nack",
        MethodID(85, 10): "confirm.select",
        MethodID(85, 11): "confirm.select-ok",
        MethodID(90, 10): "tx.select",
        MethodID(90, 11): "tx.select-ok",
        MethodID(90, 20): "tx.commit",
        MethodID(90, 21): "tx.commit-ok",
        MethodID(90, 30): "tx.rollback",
        MethodID(90, 31): "tx.rollback-ok",
    ]
}
