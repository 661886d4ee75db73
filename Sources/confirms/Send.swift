import AMQPClient
import TutorialKit

/// Sends the orders of the outbox, at most fifty of them unconfirmed.
func send(_ outbox: inout Outbox, over connection: Connection) async throws {
    let channel = try await connection.openChannel()
    // From here on the broker answers every publish on this channel.
    try await channel.selectConfirms()
    var confirms: [PendingConfirm] = []
    while true {
        if let order = outbox.next(after: confirms.count) {
            // Mandatory: an order that no queue takes comes back. Otherwise it would be dropped, and confirmed.
            let message = Message(order, persistent: true)
            confirms.append(try await channel.publishForConfirm(message, routingKey: "orders", mandatory: true))
            Console.print(" [x] Sent '\(order)'")
        } else if let order = outbox.unconfirmed.first {
            let isTaken = try await isTaken(order, confirms.removeFirst())
            outbox.settleOldest(isTaken: isTaken)
        } else {
            return
        }
    }
}

/// Waits for the broker's answer.
private func isTaken(_ order: String, _ confirm: PendingConfirm) async throws -> Bool {
    do throws(AMQPError) {
        try await confirm.wait()
        Console.print(" [x] Confirmed '\(order)'")
        return true
    } catch {
        guard error.code == .noRoute || error.kind == .nacked else { throw error }
        Console.print(" [!] \(error.kind == .nacked ? "Refused" : "Returned") '\(order)'")
        return false
    }
}
